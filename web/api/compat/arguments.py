"""What the parameters of a call mean. Pure: values come as text, and what is wrong with them is a `Refused`."""

from collections.abc import Mapping
from dataclasses import dataclass

from stream.address import Address, parse
from stream.errors import AddressInvalid

from ...callback_urls import usable
from .errors import BAD_ADDRESS, BAD_CALLBACK, NO_MODELS, OUT_OF_RANGE, UNKNOWN_MODEL, Refused

GORE, GORE_2 = "gore", "gore-2.0"
INTERVALS_S = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0)
DEFAULT_INTERVAL_S = 2.0
_MOST_SHOWN = 64
_WEB = ("http", "https")
_WATCHED = (*_WEB, "rtsp", "rtsps", "rtmp", "rtmps", "srt")
DEFAULT_MOST_S, LONGEST_S = 1800.0, 3600.0


@dataclass(frozen=True, slots=True)
class Models:
    """The models asked for."""

    names: tuple[str, ...]

    @property
    def detailed(self) -> bool:
        """gore-2.0 is among them: its answer contains that of gore."""
        return GORE_2 in self.names


def read_models(fields: Mapping[str, str]) -> Models:
    """Raises `Refused` where none is named, or one that is not served here."""
    names = [name.strip() for name in fields.get("models", "").split(",") if name.strip()]
    if not names:
        raise Refused(NO_MODELS)
    for name in names:
        if name not in (GORE, GORE_2):
            raise Refused(UNKNOWN_MODEL.saying(f"Unknown model {name[:_MOST_SHOWN]!r}: use {GORE} or {GORE_2}"))
    return Models(tuple(dict.fromkeys(names)))


def read_interval_s(fields: Mapping[str, str]) -> float:
    """Seconds between two analysed frames. Raises `Refused`."""
    text = fields.get("interval", "").strip()
    if not text:
        return DEFAULT_INTERVAL_S
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if value not in INTERVALS_S:
        raise Refused(OUT_OF_RANGE.saying("interval must be 0.5, 1, 2, 3, 4 or 5"))
    return value


def read_max_duration_s(fields: Mapping[str, str]) -> float:
    """Seconds after which a job is stopped. Raises `Refused`."""
    text = fields.get("max_duration", "").strip()
    if not text:
        return DEFAULT_MOST_S
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value <= LONGEST_S:
        raise Refused(OUT_OF_RANGE.saying(f"max_duration must be more than 0 and at most {LONGEST_S:g} seconds"))
    return value


def read_callback_url(fields: Mapping[str, str]) -> str | None:
    """Where callbacks go; whether it may be reached is seen when they do. Raises `Refused`."""
    text = fields.get("callback_url", "").strip()
    if not text:
        return None
    if not usable(text):
        raise Refused(BAD_CALLBACK)
    return text


def read_watched(text: str) -> Address:
    """An address of what may be stored or live. None that has this machine wait to be called. Raises `Refused`."""
    try:
        address = parse(text.strip())
        listens = address.listens
    except AddressInvalid:
        address, listens = None, False
    if address is None or address.scheme not in _WATCHED or listens:
        raise Refused(BAD_ADDRESS.saying(f"stream_url must be a valid address of {', '.join(_WATCHED)}"))
    return address


def read_address(text: str, name: str) -> Address:
    """An address of the web. What may be reached there, who fetches it decides. Raises `Refused`."""
    try:
        address = parse(text.strip())
    except AddressInvalid:
        address = None
    if address is None or address.scheme not in _WEB:
        raise Refused(BAD_ADDRESS.saying(f"{name} must be a valid http:// or https:// address"))
    return address
