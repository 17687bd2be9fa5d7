"""Source addresses: parsed, classified, redacted and made fit for the wire in one place."""

import ipaddress
import re
import string
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit, urlunsplit

from stream.errors import AddressInvalid, HostUnknown

_TRANSPORT_SCHEMES = frozenset({"srt", "tcp", "udp"})
"""Of MPEG-TS as it is: they have no port by default."""
_LIVE_SCHEMES = frozenset({"rtsp", "rtsps", "rtmp", "rtmps"}) | _TRANSPORT_SCHEMES
_NETWORK_SCHEMES = frozenset({"http", "https"}) | _LIVE_SCHEMES
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=://)")
_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_MAX_CHARACTERS = 4096
_HIDDEN = "***"
_PASSPHRASE = re.compile(r"(?<=[?&]passphrase=)[^&#]*", re.IGNORECASE)
_ANY_HOST = "0.0.0.0"  # noqa: S104  (what an address without a host means to who listens)
_HOST = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}")
_PRINTABLE = string.punctuation
"""What is left alone on the wire besides letters and digits; what is percent-encoded already stays as it is."""
_ENCODE = "percent-encode special characters in the user name and password (/ is %2F, # is %23, ? is %3F, @ is %40)"


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
    def listens(self) -> bool:
        """Its sender comes to us: we wait at a port of this machine."""
        if self.scheme == "srt":
            return srt_mode(self) == "listener"
        return self.scheme == "udp"

    @property
    def redacted(self) -> str:
        """The address with its user name, password and passphrase masked, for logs, answers and summaries."""
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
        text.encode()
        parts = urlsplit(text)
        port = parts.port
        host = parts.hostname
    except ValueError:
        # The exception quotes what it takes for the port, which may be half a password; so none is chained either.
        parts = None
    if parts is None or _hides_login(parts):
        hint = f"; {_ENCODE}" if "@" in text else ", its host or its port"
        raise AddressInvalid(f"The address does not parse{hint}.")
    scheme = parts.scheme.lower()
    if scheme == "file":
        path = unquote(parts.path)
        if parts.netloc not in ("", "localhost") or not PurePosixPath(path).is_absolute() or "\x00" in path:
            raise AddressInvalid("A file's URL has the form file:///absolute/path.")
        return Address(url=path, scheme="file", host=None, port=None)
    if scheme not in _NETWORK_SCHEMES:
        raise AddressInvalid(f"The scheme {scheme}: is not read here; the schemes read are {_known()}.")
    if scheme in _TRANSPORT_SCHEMES:
        return _transport(Address(url=text, scheme=scheme, host=host or _ANY_HOST, port=port), named=bool(host))
    if not host:
        raise AddressInvalid("The address names no host.")
    return Address(url=text, scheme=scheme, host=host, port=port if port is not None else _DEFAULT_PORTS[scheme])


def _transport(address: Address, *, named: bool) -> Address:
    """Raises `AddressInvalid` where a port lacks, or a host that somebody must be called at."""
    if not address.port:
        raise AddressInvalid(f"The address names no port; give one, as in {address.scheme}://host:9000.")
    if address.scheme == "srt" and "mode" not in srt_options(address) and not named:
        # As SRT's own tools have it: who names no host waits to be called.
        address = replace(address, url=address.url + ("&" if "?" in address.url else "?") + "mode=listener")
    if not named and not address.listens:
        raise AddressInvalid("The address names no host.")
    return address


def srt_options(address: Address) -> dict[str, str]:
    """What the query of an SRT address says, by SRT's names for it (mode, passphrase, streamid, latency in ms …)."""
    return dict(parse_qsl(urlsplit(address.url).query, keep_blank_values=True))


def srt_mode(address: Address) -> str:
    """`caller`, `listener` or `rendezvous`. Raises `AddressInvalid` for any other."""
    mode = srt_options(address).get("mode", "caller")
    if mode not in ("caller", "listener", "rendezvous"):
        raise AddressInvalid("The mode of an SRT address is caller, listener or rendezvous.")
    return mode


def for_wire(address: Address) -> Address:
    """The same HTTP address in ASCII, as a request needs it; its fragment, which no server is told, is left out.

    Raises `HostUnknown` for a host that is no internet name.
    """
    parts = urlsplit(address.url)
    host = _wire_host(address.host or "")
    userinfo, at, _ = parts.netloc.rpartition("@")
    port = "" if parts.port is None else f":{parts.port}"
    netloc = _encoded(userinfo) + at + (f"[{host}]" if ":" in host else host) + port
    url = urlunsplit((address.scheme, netloc, _encoded(parts.path or "/"), _encoded(parts.query), ""))
    return Address(url=url, scheme=address.scheme, host=host, port=address.port)


def origin(address: Address) -> str:
    """Scheme, host and port: what of an address that a server named may stand in a message."""
    host = f"[{address.host}]" if ":" in (address.host or "") else address.host
    port = "" if address.port == _DEFAULT_PORTS.get(address.scheme) else f":{address.port}"
    return f"{address.scheme}://{host}{port}"


def redact(text: str) -> str:
    """The same address with user name and password masked; anything that is no URL comes back as it is."""
    if _SCHEME.match(text) is None:
        return text
    try:
        parts = urlsplit(text)
        clear = (parts.port is None or parts.port >= 0) and not _hides_login(parts)  # a port that is none raises
    except ValueError:
        clear = False
    if not clear:
        return re.sub(r"//.*@", f"//{_HIDDEN}@", text, flags=re.DOTALL)
    if parts.scheme.lower() == "srt":
        text = _PASSPHRASE.sub(_HIDDEN, text)
    userinfo, at, host = parts.netloc.rpartition("@")
    if not at or (parts.scheme.lower() == "udp" and not userinfo):  # udp://@239.0.0.1:5000 has no user
        return text
    return urlunsplit(urlsplit(text)._replace(netloc=f"{_HIDDEN}:{_HIDDEN}@{host}"))


def _hides_login(parts: SplitResult) -> bool:
    """Whether a # in a user name or password made the host out of the first half of it."""
    return "@" in parts.fragment and "@" not in parts.netloc


def _wire_host(host: str) -> str:
    if _is_ipv6(host):
        return host
    try:
        name = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        name = ""
    if _HOST.fullmatch(name) is None:
        raise HostUnknown("The address's host is no internet name; check it.")
    return name


def _is_ipv6(host: str) -> bool:
    plain, percent, zone = host.partition("%")
    try:
        ipaddress.IPv6Address(plain)
    except ValueError:
        return False
    return not percent or _HOST.fullmatch(zone) is not None


def _encoded(text: str) -> str:
    return quote(text, safe=_PRINTABLE)


def _known() -> str:
    return ", ".join(sorted(_NETWORK_SCHEMES | {"file"}))
