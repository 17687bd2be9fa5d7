"""Summaries and scores over time."""

import math

from aiohttp import web

from inference.scores import downsample
from inference.summary import detail_json, point_json, summary_json

from ..running import Stream
from .auth import caller_of
from .parts import parts_of
from .problems import Problem
from .query import Count, Flag, Number
from .streams import stream_of

DETAIL = Flag(name="detail", text="1 adds `incidents` and `scores`.")
FROM = Number(name="from", text="The first second of media time.", default=0.0)
TO = Number(name="to", text="The last second of media time; the end by default.", default=math.inf)
MAX_POINTS = Count(name="max_points", text="Points in the answer.", default=1000, least=2, most=10_000)

routes = web.RouteTableDef()


@routes.get("/v1/streams/{id}/summary")
async def stream_summary(request: web.Request) -> web.Response:
    return _summary(request, stream_of(request))


@routes.get("/v1/media/{id}/summary")
async def media_summary(request: web.Request) -> web.Response:
    return _summary(request, _media_of(request))


@routes.get("/v1/media/{id}/scores")
async def scores(request: web.Request) -> web.Response:
    """The points from `from` to `to`, media seconds, thinned out to `max_points` with their peaks."""
    stream = _media_of(request)
    first_s = FROM.read(request)
    last_s = TO.read(request)
    most = MAX_POINTS.read(request)
    within = [point for point in stream.points if first_s <= point.position_s <= last_s]
    body = {"media": stream.media.media_id, "scores": [point_json(point) for point in downsample(within, most)]}
    return web.json_response(body)


def _summary(request: web.Request, stream: Stream) -> web.Response:
    if not DETAIL.read(request):
        return web.json_response(summary_json(stream.summary()))
    return web.json_response(detail_json(stream.summary(), stream.incidents, stream.points))


def _media_of(request: web.Request) -> Stream:
    stream = parts_of(request).registry.media(request.match_info["id"])
    if stream is None or not caller_of(request).sees(stream.owner, stream.id):
        raise Problem(404, "There is no media of this id.", code="media_unknown")
    return stream
