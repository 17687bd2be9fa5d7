"""`/v1/callbacks`: what became of callbacks and webhooks, and another try for those that were given up."""

import time

from aiohttp import web

from inference.summary import Json
from stream.address import redact

from ..access.caller import Caller
from ..access.scopes import Scope
from ..delivery.delivery import Delivery, DeliveryState, Style
from ..store import deliveries as rows
from ..wire import timestamp
from .auth import caller_of, lacks
from .parts import parts_of
from .problems import Problem
from .query import Choice, Count, Word

STATE = Choice(name="state", text="Only those in this state.", words=tuple(state.value for state in DeliveryState))
LIMIT = Count(name="limit", text="Callbacks in an answer.", default=100, most=1000)
AFTER = Word(name="after", text="Only those after the one with this id: the last of the page before.")

routes = web.RouteTableDef()


@routes.get("/v1/callbacks")
async def listed(request: web.Request) -> web.Response:
    """Oldest first; `after` is the last one of the page before."""
    wanted = STATE.read(request)
    state = None if wanted is None else DeliveryState(wanted)
    limit = LIMIT.read(request)
    after_id = AFTER.read(request) or ""
    caller = caller_of(request)
    styles = _styles(caller)
    async with parts_of(request).store.reading() as tx:
        if caller.sees_all:
            found = await rows.listed(tx, styles=styles, limit=limit, state=state, after_id=after_id)
        else:
            found = await rows.listed_of(tx, caller.key_id, styles=styles, limit=limit, state=state, after_id=after_id)
    return web.json_response({"callbacks": [callback_json(callback) for callback in found]})


@routes.post("/v1/callbacks/{id}/retry")
async def retry(request: web.Request) -> web.Response:
    """Owe one again that was given up, with as many attempts as a new one has."""
    parts, caller = parts_of(request), caller_of(request)
    callback_id = request.match_info["id"]
    styles = _styles(caller)
    async with parts.store.writing() as tx:
        found = await rows.find(tx, callback_id)
        if found is None or found.style not in styles or not (caller.sees_all or caller.key_id == found.key_id):
            raise Problem(404, "There is no callback of this id.", code="callback_unknown")
        endpoint = parts.webhooks.endpoints.find(found.webhook_id or "")
        if endpoint is not None and endpoint.disabled is not None:
            detail = f"Its webhook is disabled; enable it first with POST /v1/webhooks/{endpoint.id}/enable."
            raise Problem(409, detail, code="webhook_disabled")
        owed = await rows.retry(tx, callback_id, now_s=time.time())
        now = await rows.find(tx, callback_id) or found
    if not owed:
        raise Problem(
            409, f"This callback is {now.state.value}; only one that failed is tried again.", code="not_failed"
        )
    parts.webhooks.dispatcher.wake()
    return web.json_response(callback_json(now))


def callback_json(callback: Delivery) -> Json:
    return {
        "id": callback.id,
        "media": callback.media_id,
        "number": callback.number if callback.style is Style.SIGHTENGINE else None,
        "url": redact(callback.url),
        "state": callback.state.value,
        "attempts": callback.attempts,
        "next_attempt": None if callback.next_attempt_s is None else timestamp(callback.next_attempt_s),
        "error": callback.last_error,
        "webhook": callback.webhook_id,
        "stream": callback.stream_id,
        "event": callback.event_id,
        "type": callback.kind,
    }


def _styles(caller: Caller) -> frozenset[Style]:
    """Callbacks of jobs are for who has the scope `check`, those of events for `events`. Raises `Problem`."""
    allowed = {Style.SIGHTENGINE: Scope.CHECK, Style.STANDARD: Scope.EVENTS}
    styles = frozenset(style for style, scope in allowed.items() if caller.may(scope))
    if not styles:
        raise lacks(Scope.EVENTS)
    return styles
