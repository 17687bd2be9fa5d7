"""Summaries, scores over time and incidents: those in memory, and for what is not there any more the store's."""

import math

from aiohttp import web

from inference.scores import downsample
from inference.summary import Json, detail_json, incident_json, point_json, summary_json

from ..ids import first_id
from ..recording.series import read_series
from ..running import Stream
from .kept_media import kept_media, kept_summary, last_media_of, running_media
from .parts import parts_of
from .problems import Problem
from .query import Choice, Count, Flag, Moment, Number, Word
from .streams import stream_of, streams_of

DETAIL = Flag(name="detail", text="1 adds `incidents` and `scores`.")
FROM = Number(name="from", text="The first second of media time.", default=0.0)
TO = Number(name="to", text="The last second of media time; the end by default.", default=math.inf)
MAX_POINTS = Count(name="max_points", text="Points in the answer.", default=1000, least=2, most=10_000)
STREAM = Word(name="stream", text="Only those of the stream with this id.")
STATE = Choice(name="state", text="Only those that last, or that are over.", words=("open", "ended"))
SINCE = Moment(name="since", text="Only those that began then or later, by the service's clock.")
LIMIT = Count(name="limit", text="Incidents in the answer.", default=100, most=1000)

routes = web.RouteTableDef()


@routes.get("/v1/streams/{id}/summary")
async def stream_summary(request: web.Request) -> web.Response:
    """Of a stream that an earlier service had, the summary of its last media."""
    stream = parts_of(request).registry.stream(request.match_info["id"])
    if stream is not None:
        return _summary(request, stream_of(request))
    kept = await last_media_of(request, request.match_info["id"])
    return web.json_response(await kept_summary(request, kept, detail=DETAIL.read(request)))


@routes.get("/v1/media/{id}/summary")
async def media_summary(request: web.Request) -> web.Response:
    if (stream := running_media(request)) is not None:
        return _summary(request, stream)
    kept = await kept_media(request)
    return web.json_response(await kept_summary(request, kept, detail=DETAIL.read(request)))


@routes.get("/v1/media/{id}/scores")
async def scores(request: web.Request) -> web.Response:
    """The points from `from` to `to`, media seconds, thinned out to `max_points` with their peaks."""
    first_s = FROM.read(request)
    last_s = TO.read(request)
    most = MAX_POINTS.read(request)
    if (stream := running_media(request)) is not None:
        media_id = stream.media.media_id
        within = [point for point in stream.points if first_s <= point.position_s <= last_s]
        points = downsample(within, most)
    else:
        media_id = (await kept_media(request)).facts.ref.media_id
        store = parts_of(request).store
        points = list((await read_series(store, media_id, max_points=most, from_s=first_s, to_s=last_s)).points)
    return web.json_response({"media": media_id, "scores": [point_json(point) for point in points]})


@routes.get("/v1/incidents")
async def incidents(request: web.Request) -> web.Response:
    """Those in memory, newest first; with `since`, those that began then or later by the service's clock."""
    wanted = STREAM.read(request)
    state = STATE.read(request)
    since_s = SINCE.read(request)
    # An incident gets its id when it begins.
    oldest = "" if since_s is None else first_id("inc", since_s)
    limit = LIMIT.read(request)
    found = [
        incident
        for incident in _all_incidents(request)
        if wanted in (None, incident["stream"]) and state in (None, incident["state"]) and str(incident["id"]) >= oldest
    ]
    found.sort(key=lambda incident: str(incident["id"]), reverse=True)
    return web.json_response({"incidents": found[:limit]})


@routes.get("/v1/incidents/{id}")
async def incident_by_id(request: web.Request) -> web.Response:
    for incident in _all_incidents(request):
        if incident["id"] == request.match_info["id"]:
            return web.json_response(incident)
    raise Problem(404, "There is no incident of this id.", code="incident_unknown")


def _all_incidents(request: web.Request) -> list[Json]:
    return [
        incident_json(incident)
        | {
            "stream": stream.id,
            "media": stream.media.media_id,
            "state": "open" if incident.end_s is None else "ended",
        }
        for stream in streams_of(request)
        for incident in stream.incidents
    ]


def _summary(request: web.Request, stream: Stream) -> web.Response:
    if not DETAIL.read(request):
        return web.json_response(summary_json(stream.summary()))
    return web.json_response(detail_json(stream.summary(), stream.incidents, stream.points))
