"""Who calls: `api_user` and `api_secret`, and whether that one may call now."""

import math
from collections.abc import Mapping
from dataclasses import replace

from aiohttp import web

from ...access.access import TooManyUnverified
from ...access.caller import Caller
from ...access.scopes import Scope
from ..auth import caller_of_pair
from ..parts import parts_of
from .errors import CREDENTIALS, NO_SCOPE, OVERLOADED, TOO_MANY_REQUESTS, Refused


async def authenticate(request: web.Request, fields: Mapping[str, str]) -> Caller:
    """Raises `Refused` for credentials that are missing or wrong, which are told apart for nobody."""
    user, secret = fields.get("api_user", ""), fields.get("api_secret", "")
    try:
        caller = await caller_of_pair(request, user, secret) if user and secret else None
    except TooManyUnverified as error:
        raise Refused(OVERLOADED) from error
    if caller is None:
        raise Refused(CREDENTIALS)
    if wait_s := parts_of(request).access.wait_s(caller):
        raise Refused(replace(TOO_MANY_REQUESTS, retry_after_s=math.ceil(wait_s)))
    if not caller.may(Scope.CHECK):
        raise Refused(NO_SCOPE)
    return caller
