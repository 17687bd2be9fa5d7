"""The latest sample as a JPEG, pixelated unless asked for clear."""

import asyncio
import io

from aiohttp import web
from PIL import Image

from inference.heat import Marked
from stream.sample import Pixels

from ..access.scopes import Scope
from ..pixelating import Sized, covered, in_blocks, ratio_of
from ..showing import Picture
from .auth import caller_of, lacks
from .problems import Problem
from .query import Flag
from .streams import stream_of
from .views import note_view

_WIDTH_PX = 320
CLEAR = Flag(name="clear", text="1 for the picture itself, which needs the scope `clear`; otherwise it is pixelated.")

routes = web.RouteTableDef()


@routes.get("/v1/streams/{id}/preview.jpg")
async def preview(request: web.Request) -> web.Response:
    stream = stream_of(request)
    clear = wants_clear(request)
    headers = {"Cache-Control": "no-store"}
    if stream.picture is None:
        raise Problem(404, "There is no picture of this stream now.", code="no_picture")
    picture, info = stream.picture, stream.info
    if clear:
        headers |= await note_view(request, "preview", stream.id, owner=stream.owner)
    body = await asyncio.to_thread(_drawn, picture, info, clear=clear)
    return web.Response(body=body, content_type="image/jpeg", headers=headers)


def _drawn(picture: Picture, info: Sized | None, *, clear: bool) -> bytes:
    return render(picture.pixels, info, clear=clear)


def wants_clear(request: web.Request) -> bool:
    """Whether the picture itself is asked for. Raises `Problem` where the caller may not see it."""
    clear = CLEAR.read(request)
    if clear and not caller_of(request).may(Scope.CLEAR):
        raise lacks(Scope.CLEAR)
    return clear


def render(pixels: Pixels, info: Sized | None, *, clear: bool) -> bytes:
    """A JPEG 320 px wide at the source's aspect ratio: 16 blocks across, or the sample itself if `clear`."""
    picture = Image.fromarray(pixels)
    if not clear:
        picture = in_blocks(picture, info)
    smooth = Image.Resampling.BILINEAR if clear else Image.Resampling.NEAREST
    return _jpeg(picture.resize(_size_px(info), smooth))


def render_covered(pixels: Pixels, info: Sized | None, cover: Marked) -> bytes:
    """The same size in grey: the sample itself, and blocks where the cells of `cover` are."""
    return _jpeg(covered(Image.fromarray(pixels), info, cover, _size_px(info)))


def _size_px(info: Sized | None) -> tuple[int, int]:
    return _WIDTH_PX, max(round(_WIDTH_PX * ratio_of(info)), 1)


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()
