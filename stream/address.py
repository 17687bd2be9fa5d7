"""Source addresses: parsed, classified and redacted in one place."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit, urlunsplit

from stream.errors import AddressInvalid

_NETWORK_SCHEMES = frozenset({"http", "https", "rtsp", "rtsps", "rtmp", "rtmps"})
_LIVE_SCHEMES = frozenset({"rtsp", "rtsps", "rtmp", "rtmps"})
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=://)")
_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_MAX_CHARACTERS = 4096
_HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Address:
    """A source address that parses and whose scheme we read.

    `url` is what is opened (a path for files), `host` and `port` are None for files.
    """

    url: str
    scheme: str
    host: str | None
    port: int | None

    @property
    def is_file(self) -> bool:
        return self.scheme == "file"

    @property
    def is_live_protocol(self) -> bool:
        """The protocol itself is for live media; HTTP tells only once it is opened."""
        return self.scheme in _LIVE_SCHEMES

    @property
    def redacted(self) -> str:
        """The address with its user name and password masked, for logs, answers and summaries."""
        return redact(self.url)


_DEFAULT_PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322, "rtmp": 1935, "rtmps": 443}


def parse(text: str) -> Address:
    """An address from what a person or program typed: a URL, or a path of a local file.

    Raises `AddressInvalid` when it does not parse or its scheme is unknown.
    """
    if not text.strip():
        raise AddressInvalid("The address is empty; give a URL such as rtsp://camera/stream or a file's path.")
    if len(text) > _MAX_CHARACTERS:
        raise AddressInvalid(f"The address is longer than {_MAX_CHARACTERS} characters.")
    if _SCHEME.match(text) is None:
        return _parse_path(text)
    if _CONTROL.search(text):
        raise AddressInvalid("The address contains a space or a control character; percent-encode it.")
    return _parse_url(text)


def _parse_path(text: str) -> Address:
    if text.lower().startswith("file:"):
        raise AddressInvalid("A file's URL has the form file:///absolute/path.")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", text):
        scheme = text.split(":", 1)[0]
        raise AddressInvalid(f"The address starts with {scheme}: but has no //; the schemes read are {_known()}.")
    if "\x00" in text:
        raise AddressInvalid("The path contains a NUL character.")
    return Address(url=text, scheme="file", host=None, port=None)


def _parse_url(text: str) -> Address:
    try:
        parts = urlsplit(text)
        port = parts.port
        host = parts.hostname
    except ValueError as error:
        raise AddressInvalid(f"The address does not parse: {error}.") from error
    scheme = parts.scheme.lower()
    if scheme == "file":
        path = unquote(parts.path)
        if parts.netloc not in ("", "localhost") or not PurePosixPath(path).is_absolute() or "\x00" in path:
            raise AddressInvalid("A file's URL has the form file:///absolute/path.")
        return Address(url=path, scheme="file", host=None, port=None)
    if scheme not in _NETWORK_SCHEMES:
        raise AddressInvalid(f"The scheme {scheme}: is not read here; the schemes read are {_known()}.")
    if not host:
        raise AddressInvalid("The address names no host.")
    return Address(url=text, scheme=scheme, host=host, port=port if port is not None else _DEFAULT_PORTS[scheme])


def redact(text: str) -> str:
    """The same address with user name and password masked; anything that is no URL comes back as it is."""
    try:
        parts = urlsplit(text)
        if "@" not in parts.netloc:
            return text
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return re.sub(r"//[^/@]*@", f"//{_HIDDEN}@", text)
    return urlunsplit(parts._replace(netloc=f"{_HIDDEN}:{_HIDDEN}@{host}"))


def _known() -> str:
    return ", ".join(sorted(_NETWORK_SCHEMES | {"file"}))
