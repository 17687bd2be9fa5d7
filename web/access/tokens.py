"""Tokens that browsers get: for one scope, and if wanted one stream, for an hour at most. Signed, not stored. Pure."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass

from .scopes import Scope

PREFIX = "tok_"
"""No pair of user and secret begins with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a token says."""

    key_id: str | None
    """The key that it was made with."""
    scope: Scope
    stream: str | None
    """The id of the only stream that it is for, or where the scope is `publish` its name."""
    expires_s: float
    """Unix seconds."""


def sign(grant: Grant, key: bytes) -> str:
    """The token, of letters that need no escaping in an address."""
    said = [grant.key_id, grant.scope.value, grant.stream, round(grant.expires_s, 3)]
    text = _encoded(json.dumps(said, separators=(",", ":")).encode())
    return f"{PREFIX}{text}.{_encoded(_signature(text, key))}"


def read(token: str, key: bytes, *, now_s: float) -> Grant | None:
    """What a token says; None for one that was not signed with the key, or whose time is over."""
    text, dot, signature = token.removeprefix(PREFIX).partition(".")
    if not (token.startswith(PREFIX) and dot and token.isascii()):
        return None
    # Compared as text, so that there is one way to write a token; whatever is signed is ours and decodes.
    if not hmac.compare_digest(signature, _encoded(_signature(text, key))):
        return None
    key_id, scope, stream, expires_s = json.loads(_decoded(text))
    return Grant(key_id=key_id, scope=Scope(scope), stream=stream, expires_s=expires_s) if now_s < expires_s else None


def _signature(text: str, key: bytes) -> bytes:
    return hmac.digest(key, f"{PREFIX}{text}".encode(), hashlib.sha256)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
