"""What was found in a media, as a page that stands for itself."""

import asyncio
import time
from importlib.metadata import version

from aiohttp import web

from stream.errors import Overloaded

from ..recording.following import following
from ..reports.page import page
from ..reports.stored import stored_report
from ..reports.style import CONTENT_SECURITY_POLICY
from ..reports.values import Report
from ..store.kept import KeptMedia, MediaEnd
from ..turns import Turns
from .kept_media import known_media
from .parts import parts_of
from .problems import Problem

_RUNNING, _WAITING, _WAIT_S = 2, 16, 10.0
_LATER_S = "2"
TURNS = web.AppKey("report_turns", Turns)

routes = web.RouteTableDef()


def new_turns() -> Turns:
    """A page of a long media reads much: a few are made at a time."""
    return Turns(running=_RUNNING, waiting=_WAITING, wait_s=_WAIT_S)


@routes.get("/v1/media/{id}/report.html")
async def report(request: web.Request) -> web.Response:
    kept, end = await _ended(request)
    try:
        async with request.app[TURNS].one():
            body = await _made(request, kept, end)
    except Overloaded as error:
        detail = "As many reports are being made as may be; try again."
        raise Problem(503, detail, code="overloaded", headers={"Retry-After": _LATER_S}) from error
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'inline; filename="{kept.facts.ref.media_id}.html"',
        "Content-Security-Policy": f"{CONTENT_SECURITY_POLICY}; frame-ancestors 'none'",
    }
    return web.Response(body=body, content_type="text/html", charset="utf-8", headers=headers)


async def _ended(request: web.Request) -> tuple[KeptMedia, MediaEnd]:
    """The media that the path names, and how it ended. Raises `Problem` 404, also for one that the caller may not see,
    and 409 while it runs."""
    kept = await known_media(request)
    if kept.end is None:
        raise Problem(409, "This media still runs: end its stream first.", code="media_running")
    return kept, kept.end


async def _made(request: web.Request, kept: KeptMedia, end: MediaEnd) -> bytes:
    parts, media_id = parts_of(request), kept.facts.ref.media_id
    stream = parts.registry.media(media_id)
    found = await stored_report(
        parts.store,
        parts.pictures,
        kept,
        end,
        told=[one for one in following(parts.hub.waiting()).incidents if one.media_id == media_id],
        points=None if stream is None else stream.points,
    )
    made = Report(
        made_s=time.time(),
        made_by=f"gorewatch {version('gorewatch')}",
        detector=f"{parts.detector.name} {parts.detector.version}, in use now",
        media=(found,),
    )
    return await asyncio.to_thread(lambda: page(made).encode())
