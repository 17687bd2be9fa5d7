"""What web nodes show the services that they ask: signed with the key that all of one store have. Pure."""

import hashlib
import hmac

_PREFIX = "node_"
_DIGITS = 12


def sign(expires_s: float, key: bytes) -> str:
    """A ticket that ends then, in Unix seconds."""
    until = str(int(expires_s))
    return f"{_PREFIX}{until}.{_signature(until, key)}"


def is_good(ticket: str, key: bytes, *, now_s: float) -> bool:
    """Whether a ticket was signed with the key and has not ended."""
    until, dot, signature = ticket.removeprefix(_PREFIX).partition(".")
    if not (ticket.startswith(_PREFIX) and dot and ticket.isascii() and until.isdigit() and len(until) <= _DIGITS):
        return False
    return hmac.compare_digest(signature, _signature(until, key)) and now_s < int(until)


def _signature(until: str, key: bytes) -> str:
    return hmac.digest(key, f"{_PREFIX}{until}".encode(), hashlib.sha256).hex()
