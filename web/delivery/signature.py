"""The signatures of what is posted. Pure."""

import base64
import hashlib
import hmac
from collections.abc import Iterable

HEADER = "Sightengine-Signature"
SECRET_PREFIX = "whsec_"  # noqa: S105  (what every secret begins with)
SECRET_BYTES = 32


def signature(secret: str, body: bytes, *, unix_s: int) -> str:
    """The value of `HEADER`: when it was signed, and the HMAC-SHA256 of that, a full stop and the exact bytes sent."""
    digest = hmac.new(secret.encode(), f"{unix_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={unix_s},v1={digest}"


def new_secret(entropy: bytes) -> str:
    """A secret of a webhook as people see it, made of `SECRET_BYTES` of entropy."""
    return SECRET_PREFIX + base64.b64encode(entropy).decode()


def standard_headers(secrets: Iterable[str], body: bytes, *, message_id: str, unix_s: int) -> dict[str, str]:
    """The headers of Standard Webhooks, signed with each of the secrets: with two while one replaces the other."""
    signed = f"{message_id}.{unix_s}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(unix_s),
        "webhook-signature": " ".join(f"v1,{_signed(secret, signed)}" for secret in secrets),
    }


def _signed(secret: str, message: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return base64.b64encode(hmac.digest(key, message, hashlib.sha256)).decode()
