"""From a handler's result to the answer on the wire, and from what went wrong to a failure."""

import json
import time

from aiohttp import web

from ...ids import new_id
from ..requests import current_id
from .answers import Call, Json, MediaRef, failure
from .errors import Fault


def new_call() -> Call:
    """To be made when a call is answered."""
    return Call(current_id(), time.time())


def same_call(call_id: str) -> Call:
    """A call that is answered as an earlier one was."""
    return Call(call_id, time.time())


def new_media(uri: str) -> MediaRef:
    return MediaRef(new_id("med"), uri)


def json_answer(body: Json, *, status: int = 200) -> web.Response:
    # As bytes: given text, aiohttp would name a charset, which JSON does not have.
    return web.Response(status=status, body=json.dumps(body).encode(), content_type="application/json")


def failed(fault: Fault) -> web.Response:
    answer = json_answer(failure(new_call(), fault), status=fault.status)
    if fault.retry_after_s is not None:
        answer.headers["Retry-After"] = str(fault.retry_after_s)
    return answer
