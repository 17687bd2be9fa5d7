"""Media as the store has them: the list of them, and what is told of those that are not in memory any more."""

import json
import time

from aiohttp import web

from inference.summary import Json, Summary, incident_json, point_json, probability, summary_json
from stream.ids import is_id
from stream.sample import State

from ..running import Stream
from ..store import incidents, media
from ..store.kept import IncidentFilter, KeptMedia, MediaEnd, MediaFilter, picture_of
from ..store.store import Store
from ..wire import failure_json, timestamp
from .auth import caller_of
from .parts import parts_of
from .problems import Problem
from .query import Count, Cursor, Moment, Word
from .series import series_of

STREAM = Word(name="stream", text="Only those of the stream with this id.")
SINCE = Moment(name="since", text="Only those that began then or later, by the service's clock.")
UNTIL = Moment(name="until", text="Only those that began before.")
LIMIT = Count(name="limit", text="Media in the answer.", default=100, most=1000)
CURSOR = Cursor(prefix="med")
_DETAIL_POINTS = 1800
_DETAIL_INCIDENTS = 1000

routes = web.RouteTableDef()


@routes.get("/v1/media")
async def listed(request: web.Request) -> web.Response:
    """Newest first; one appears a moment after its first frame."""
    stream_id, limit, before_id = STREAM.read(request), LIMIT.read(request), CURSOR.read(request)
    wanted = visible(request, since_s=SINCE.read(request), until_s=UNTIL.read(request), stream_ids=_only(stream_id))
    found: tuple[KeptMedia, ...] = ()
    if wanted is not None:
        async with parts_of(request).store.reading() as tx:
            found = await media.listed(tx, limit=limit + 1, wanted=wanted, before_id=before_id)
    body = {
        "media": [_json(request, kept) for kept in found[:limit]],
        "next": found[limit - 1].facts.ref.media_id if len(found) > limit else None,
    }
    return web.json_response(body)


@routes.get("/v1/media/{id}")
async def one(request: web.Request) -> web.Response:
    """Also of a media that has no frame yet."""
    return web.json_response(_json(request, await known_media(request)))


def visible(
    request: web.Request, *, since_s: float | None, until_s: float | None, stream_ids: frozenset[str] | None
) -> MediaFilter | None:
    """What is asked for, as far as the caller may see it; None if nothing can be that."""
    caller = caller_of(request)
    if caller.stream is not None:
        stream_ids = frozenset({caller.stream}) & (stream_ids or frozenset({caller.stream}))
    if stream_ids is not None:
        stream_ids = frozenset(one for one in stream_ids if is_id("str", one))
        if not stream_ids:
            return None
    return MediaFilter(
        owners=None if caller.sees_all else frozenset({None, caller.key_id}),
        stream_ids=stream_ids,
        since_s=since_s,
        until_s=until_s,
    )


def running_media(request: web.Request) -> Stream | None:
    """The stream in memory whose media the path names. Raises `Problem` 404 if the caller may not see it."""
    stream = parts_of(request).registry.media(request.match_info["id"])
    if stream is not None and not caller_of(request).sees(stream.owner, stream.id):
        raise _unknown_media()
    return stream


async def kept_media(request: web.Request) -> KeptMedia:
    """The media that the path names. Raises `Problem` 404, also for one that the caller may not see."""
    media_id = request.match_info["id"]
    kept = None
    if is_id("med", media_id):
        async with parts_of(request).store.reading() as tx:
            kept = await media.find(tx, media_id)
    if kept is None or not _sees(request, kept):
        raise _unknown_media()
    return kept


async def known_media(request: web.Request) -> KeptMedia:
    """The media that the path names, in memory or in the store. Raises `Problem` 404 as those two do."""
    # What ended just now is in memory, and may be in the store a moment later.
    stream = running_media(request)
    return await kept_media(request) if stream is None else _in_memory(stream)


def _in_memory(stream: Stream) -> KeptMedia:
    picture = None if stream.info is None else picture_of(stream.info)
    if not stream.closed:
        return KeptMedia(facts=stream.facts(), picture=picture)
    summary = stream.summary()
    end = MediaEnd(
        finished_s=summary.timestamp_s,
        operations=summary.operations,
        prob=summary.prob,
        summary=None,
        failure=stream.failure if stream.state is State.FAILED else summary.failure,
    )
    return KeptMedia(facts=stream.facts(), picture=picture, end=end)


async def last_media_of(request: web.Request, stream_id: str) -> KeptMedia:
    """The newest media of a stream. Raises `Problem` 404, also for one that the caller may not see."""
    found: tuple[KeptMedia, ...] = ()
    if is_id("str", stream_id):
        async with parts_of(request).store.reading() as tx:
            found = await media.listed(tx, limit=1, wanted=MediaFilter(stream_id=stream_id))
    if not found or not _sees(request, found[0]):
        raise Problem(404, "There is no stream of this id.", code="stream_unknown")
    return found[0]


async def kept_summary(request: web.Request, kept: KeptMedia, *, detail: bool) -> Json:
    """The summary as it was told; or, of a media whose end is not known, of the scores that are there."""
    ref, end = kept.facts.ref, kept.end
    told: Json | None = None if end is None or end.summary is None else json.loads(end.summary)
    if told is not None and not detail:
        return told
    series = await series_of(request, ref.media_id, max_points=_DETAIL_POINTS)
    if told is None:
        at_s, failure = (time.time(), None) if end is None else (end.finished_s, end.failure)
        told = summary_json(Summary(ref, at_s, series.samples, series.prob, failure))
    if not detail:
        return told
    found = await _incidents(parts_of(request).store, ref.media_id)
    return {**told, "incidents": found, "scores": [point_json(point) for point in series.points]}


async def _incidents(store: Store, media_id: str) -> list[Json]:
    """Oldest first; of very many the newest."""
    async with store.reading() as tx:
        newest = await incidents.listed(tx, limit=_DETAIL_INCIDENTS, wanted=IncidentFilter(media_id=media_id))
    return [incident_json(kept.incident) for kept in reversed(newest)]


def _json(request: web.Request, kept: KeptMedia) -> Json:
    facts, end = kept.facts, kept.end
    media_id = facts.ref.media_id
    prob, operations = (None, 0) if end is None else (end.prob, end.operations)
    if end is None and (stream := parts_of(request).registry.media(media_id)) is not None:
        so_far = stream.summary()
        prob, operations = so_far.prob, so_far.operations
    return {
        "id": media_id,
        "stream": facts.stream_id,
        "name": facts.name,
        "uri": facts.ref.uri,
        "started": timestamp(facts.started_s),
        "finished": None if end is None else timestamp(end.finished_s),
        "prob": None if prob is None else probability(prob),
        "operations": operations,
        "error": None if end is None or end.failure is None else failure_json(end.failure),
    }


def _only(stream_id: str | None) -> frozenset[str] | None:
    return None if stream_id is None else frozenset({stream_id})


def _sees(request: web.Request, kept: KeptMedia) -> bool:
    return caller_of(request).sees(kept.facts.owner, kept.facts.stream_id)


def _unknown_media() -> Problem:
    return Problem(404, "There is no media of this id.", code="media_unknown")
