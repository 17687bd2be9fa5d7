"""The signature of a callback. Pure."""

import hashlib
import hmac

HEADER = "Sightengine-Signature"


def signature(secret: str, body: bytes, *, unix_s: int) -> str:
    """The header's value: when it was signed, and the HMAC-SHA256 of that, a full stop and the exact bytes sent."""
    digest = hmac.new(secret.encode(), f"{unix_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={unix_s},v1={digest}"
