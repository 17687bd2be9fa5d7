"""Addresses that events and results are posted to. Whether one may be reached is seen when it is. Pure."""

from stream.address import parse
from stream.errors import AddressInvalid

RULE = "must be an http:// or https:// address"
_WEB = ("http", "https")


def usable(text: str) -> bool:
    """Whether something can be posted there."""
    try:
        return parse(text).scheme in _WEB
    except AddressInvalid:
        return False
