"""`/v1/callbacks`: what became of the callbacks of jobs, and another try for those that were given up."""

import time

from aiohttp import web

from inference.summary import Json
from stream.address import redact

from ..access.caller import Caller
from ..store import callbacks as rows
from ..store import jobs
from ..store.callbacks import Callback, CallbackState
from ..wire import timestamp
from .auth import caller_of
from .compat.parts import compat_of
from .parts import parts_of
from .problems import Problem
from .query import Choice, Count, Word

STATE = Choice(name="state", text="Only those in this state.", words=tuple(state.value for state in CallbackState))
LIMIT = Count(name="limit", text="Callbacks in an answer.", default=100, most=1000)
AFTER = Word(name="after", text="Only those after the one with this id: the last of the page before.")
_UNKNOWN = "There is no callback of this id."

routes = web.RouteTableDef()


@routes.get("/v1/callbacks")
async def listed(request: web.Request) -> web.Response:
    """Oldest first; `after` is the last one of the page before."""
    wanted = STATE.read(request)
    state = None if wanted is None else CallbackState(wanted)
    limit = LIMIT.read(request)
    after_id = AFTER.read(request) or ""
    caller = caller_of(request)
    async with parts_of(request).store.reading() as tx:
        if caller.sees_all:
            found = await rows.listed(tx, limit=limit, state=state, after_id=after_id)
        else:
            found = await rows.listed_of(tx, caller.key_id, limit=limit, state=state, after_id=after_id)
    return web.json_response({"callbacks": [callback_json(callback) for callback in found]})


@routes.post("/v1/callbacks/{id}/retry")
async def retry(request: web.Request) -> web.Response:
    """Owe one again that was given up, with as many attempts as a new one has."""
    callback_id = request.match_info["id"]
    store = parts_of(request).store
    async with store.reading() as tx:
        callback = await rows.find(tx, callback_id)
        job = None if callback is None else await jobs.find(tx, callback.job_id)
    if job is None or not _sees(caller_of(request), job.key_id):
        raise Problem(404, _UNKNOWN, code="callback_unknown")
    async with store.writing() as tx:
        owed = await rows.retry(tx, callback_id, due_s=time.time())
        now = await rows.find(tx, callback_id)
    if now is None:
        raise Problem(404, _UNKNOWN, code="callback_unknown")
    if not owed:
        raise Problem(
            409, f"This callback is {now.state.value}; only one that failed is tried again.", code="not_failed"
        )
    compat_of(request).owed()
    return web.json_response(callback_json(now))


def callback_json(callback: Callback) -> Json:
    return {
        "id": callback.id,
        "media": callback.job_id,
        "number": callback.number,
        "url": redact(callback.url),
        "state": callback.state.value,
        "attempts": callback.attempts,
        "next_attempt": None if callback.next_attempt_s is None else timestamp(callback.next_attempt_s),
        "error": callback.last_error,
    }


def _sees(caller: Caller, owner: str | None) -> bool:
    return caller.sees_all or caller.key_id == owner
