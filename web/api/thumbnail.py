"""The frame of an incident's peak as a JPEG, pixelated unless asked for clear."""

import asyncio

from aiohttp import web

from ..store import media
from ..store.kept import ViewKind
from .heat import heat_of, kept_picture
from .incidents import incident_of
from .parts import parts_of
from .preview import render, render_covered, wants_clear
from .query import Flag
from .views import note_view

COVERED = Flag(
    name="covered",
    text="With `clear=1`: 1 for the picture in grey, with the region that drove its score in blocks.",
)

routes = web.RouteTableDef()


@routes.get("/v1/incidents/{id}/thumbnail.jpg")
async def thumbnail(request: web.Request) -> web.Response:
    parts, kept = parts_of(request), await incident_of(request)
    clear = wants_clear(request)
    covered = COVERED.read(request) and clear
    headers = {"Cache-Control": "no-store"}
    pixels = await kept_picture(request, kept)
    cover = (await heat_of(request, pixels)).cover() if covered else None
    async with parts.store.reading() as tx:
        of = await media.find(tx, kept.media_id)
    source = None if of is None else of.picture
    if clear:
        kind: ViewKind = "thumbnail" if cover is None else "covered"
        headers |= await note_view(request, kind, kept.incident.id, owner=kept.owner)
    if cover is None:
        body = await asyncio.to_thread(render, pixels, source, clear=clear)
    else:
        body = await asyncio.to_thread(render_covered, pixels, source, cover)
    return web.Response(body=body, content_type="image/jpeg", headers=headers)
