"""Summaries and scores over time: those in memory, and for what is not there any more the store's."""

import math

from aiohttp import web

from inference.scores import downsample
from inference.summary import detail_json, point_json, summary_json

from ..running import Stream
from .kept_media import kept_media, kept_summary, last_media_of, running_media
from .parts import parts_of
from .query import Count, Flag, Number
from .series import series_of
from .streams import stream_of

DETAIL = Flag(name="detail", text="1 adds `incidents` and `scores`.")
FROM = Number(name="from", text="The first second of media time.", default=0.0)
TO = Number(name="to", text="The last second of media time; the end by default.", default=math.inf)
MAX_POINTS = Count(name="max_points", text="Points in the answer.", default=1000, least=2, most=10_000)

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
        points = list((await series_of(request, media_id, max_points=most, from_s=first_s, to_s=last_s)).points)
    return web.json_response({"media": media_id, "scores": [point_json(point) for point in points]})


def _summary(request: web.Request, stream: Stream) -> web.Response:
    if not DETAIL.read(request):
        return web.json_response(summary_json(stream.summary()))
    return web.json_response(detail_json(stream.summary(), stream.incidents, stream.points))
