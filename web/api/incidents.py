"""Incidents, as the store has them."""

from collections.abc import Sequence

from aiohttp import web

from inference.summary import Json, incident_json
from stream.ids import is_id

from ..recording.following import following
from ..recording.lately import Page, later, page
from ..store import incidents, media
from ..store.kept import IncidentFilter, KeptIncident, LatestReview, Verdict
from ..wire import timestamp
from .auth import caller_of
from .parts import parts_of
from .people import person_json
from .problems import Problem
from .query import Choice, Count, Cursor, Moment, Word

STREAM = Word(name="stream", text="Only those of the stream with this id.")
MEDIA = Word(name="media", text="Only those of the media with this id.")
STATE = Choice(name="state", text="Only those that last, or that are over.", words=("open", "ended"))
VERDICT = Choice(
    name="verdict",
    text="Only those of which the newest review says this; `none`: those that nobody has reviewed.",
    words=(*(verdict.value for verdict in Verdict), "none"),
)
SINCE = Moment(name="since", text="Only those that began then or later, by the service's clock.")
UNTIL = Moment(name="until", text="Only those that began before.")
LIMIT = Count(name="limit", text="Incidents in the answer.", default=100, most=1000)
CURSOR = Cursor(prefix="inc")

routes = web.RouteTableDef()


@routes.get("/v1/incidents")
async def listed(request: web.Request) -> web.Response:
    """Newest first, those in the store and those that are still to be written there."""
    wanted, limit, before_id = _wanted(request), LIMIT.read(request), CURSOR.read(request)
    found = Page((), None) if wanted is None else await _page(request, wanted, limit=limit, before_id=before_id)
    return web.json_response({"incidents": await incidents_json(request, found.incidents), "next": found.next})


@routes.get("/v1/incidents/{id}")
async def one(request: web.Request) -> web.Response:
    return await answer(request, await incident_of(request))


async def answer(request: web.Request, kept: KeptIncident) -> web.Response:
    """One incident."""
    return web.json_response((await incidents_json(request, [kept]))[0])


async def incident_of(request: web.Request) -> KeptIncident:
    """The incident that the path names. Raises `Problem` 404, also for one that the caller may not see."""
    incident_id = request.match_info["id"]
    # What is still to be written comes first: a moment later it may be in the store alone.
    told = told_of(request, incident_id)
    kept = None
    if is_id("inc", incident_id):
        async with parts_of(request).store.reading() as tx:
            kept = await incidents.find(tx, incident_id)
    if told is not None:
        kept = later(kept, told)
    if kept is None or not caller_of(request).sees(kept.owner, kept.stream_id):
        raise unknown_incident()
    return kept


def told_of(request: web.Request, incident_id: str) -> KeptIncident | None:
    """What events say of an incident that is still to be written."""
    return next((kept for kept in _told(request) if kept.incident.id == incident_id), None)


def unknown_incident() -> Problem:
    return Problem(404, "There is no incident of this id.", code="incident_unknown")


async def incidents_json(request: web.Request, those: Sequence[KeptIncident]) -> list[Json]:
    """With the names of their streams, which the store or, of those that run, the registry knows."""
    parts = parts_of(request)
    ids = {kept.media_id for kept in those}
    if not ids:
        return []
    async with parts.store.reading() as tx:
        names = await media.names(tx, ids)
    for media_id in ids - names.keys():
        if (stream := parts.registry.media(media_id)) is not None:
            names[media_id] = stream.name
    return [_json(request, kept, names.get(kept.media_id) or None) for kept in those]


def review_json(request: web.Request, review: LatestReview) -> Json:
    return {
        "verdict": review.verdict.value,
        "note": review.note,
        "by": person_json(request, review.reviewed_by),
        "at": timestamp(review.at_s),
    }


def _json(request: web.Request, kept: KeptIncident, name: str | None) -> Json:
    parts = parts_of(request)
    picture = parts.pictures.has(kept)
    return {
        **incident_json(kept.incident),
        "stream": kept.stream_id,
        "name": name,
        "media": kept.media_id,
        "state": "open" if kept.incident.end_s is None else "ended",
        "started": timestamp(kept.started_s),
        "picture": picture,
        "heat": picture and parts.heats is not None,
        "review": None if kept.review is None else review_json(request, kept.review),
    }


def _wanted(request: web.Request) -> IncidentFilter | None:
    """What the query asks for, as far as the caller may see it; None if nothing can be that."""
    caller = caller_of(request)
    stream_id, media_id = STREAM.read(request), MEDIA.read(request)
    state, verdict = STATE.read(request), VERDICT.read(request)
    wanted = IncidentFilter(
        owners=None if caller.sees_all else frozenset({None, caller.key_id}),
        stream_id=stream_id or caller.stream,
        media_id=media_id,
        state=None if state is None else ("open" if state == "open" else "ended"),
        verdict=None if verdict is None else ("none" if verdict == "none" else Verdict(verdict)),
        since_s=SINCE.read(request),
        until_s=UNTIL.read(request),
    )
    strange = (stream_id is not None and not is_id("str", stream_id)) or (
        media_id is not None and not is_id("med", media_id)
    )
    foreign = caller.stream is not None and wanted.stream_id != caller.stream
    return None if strange or foreign else wanted


async def _page(request: web.Request, wanted: IncidentFilter, *, limit: int, before_id: str | None) -> Page:
    # What is still to be written comes first: a moment later it may be in the store alone.
    told = _told(request)
    async with parts_of(request).store.reading() as tx:
        stored = await incidents.listed(tx, limit=limit + 1, wanted=wanted, before_id=before_id)
        rows = await incidents.some(tx, [kept.incident.id for kept in told]) if told else {}
    return page(stored, told, rows, wanted=wanted, limit=limit, before_id=before_id)


def _told(request: web.Request) -> tuple[KeptIncident, ...]:
    """What events say that are still to be written."""
    return following(parts_of(request).hub.waiting()).incidents
