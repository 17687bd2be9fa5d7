"""Who calls: `api_user` and `api_secret`, checked behind one small function."""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from ...settings import Settings
from .errors import CREDENTIALS, Refused


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose call it is."""

    account: str


Verify = Callable[[str, str], Awaitable[Caller | None]]
"""The caller that an `api_user` and an `api_secret` belong to, None if they are wrong."""


async def authenticate(fields: Mapping[str, str], verify: Verify) -> Caller:
    """Raises `Refused` for credentials that are missing or wrong, which are told apart for nobody."""
    user, secret = fields.get("api_user", ""), fields.get("api_secret", "")
    caller = await verify(user, secret) if user and secret else None
    if caller is None:
        raise Refused(CREDENTIALS)
    return caller


def verify_by_token(settings: Settings) -> Verify:
    """The configured token as the one secret that there is; without one, any credentials will do."""

    async def verify(user: str, secret: str) -> Caller | None:
        token = settings.token_text
        if token is not None and not hmac.compare_digest(secret.encode(errors="replace"), token.encode()):
            return None
        return Caller(account=user)

    return verify
