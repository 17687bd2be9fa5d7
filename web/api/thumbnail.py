"""The frame of an incident's peak as a JPEG, pixelated unless asked for clear."""

import asyncio
import logging

from aiohttp import web

from ..recording.picture_folder import PictureUnreadable
from ..store import media
from .incidents import incident_of
from .parts import parts_of
from .preview import render, wants_clear
from .problems import Problem
from .views import note_view

_log = logging.getLogger("gorewatch.http")

routes = web.RouteTableDef()


@routes.get("/v1/incidents/{id}/thumbnail.jpg")
async def thumbnail(request: web.Request) -> web.Response:
    parts, kept = parts_of(request), await incident_of(request)
    clear = wants_clear(request)
    headers = {"Cache-Control": "no-store"}
    try:
        pixels = await parts.pictures.find(kept)
    except PictureUnreadable as error:
        _log.warning("a picture that was kept is gone or damaged: %s", error)
        raise Problem(404, "The picture of this incident is gone or damaged.", code="no_picture") from error
    if pixels is None:
        raise Problem(404, "No picture of this incident is kept.", code="no_picture")
    async with parts.store.reading() as tx:
        of = await media.find(tx, kept.media_id)
    if clear:
        headers |= await note_view(request, "thumbnail", kept.incident.id, owner=kept.owner)
    body = await asyncio.to_thread(render, pixels, None if of is None else of.picture, clear=clear)
    return web.Response(body=body, content_type="image/jpeg", headers=headers)
