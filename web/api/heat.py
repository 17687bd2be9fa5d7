"""Where the detector sees gore in the frame of an incident's peak."""

import logging

from aiohttp import web

from inference.heat import Heat
from stream.errors import InternalFault, Overloaded
from stream.sample import Pixels

from ..recording.picture_folder import PictureUnreadable
from ..store.kept import KeptIncident
from .incidents import incident_of
from .parts import parts_of
from .problems import Problem

_LATER_S = "2"
_DECIMALS = 4
_log = logging.getLogger("gorewatch.http")

routes = web.RouteTableDef()


@routes.get("/v1/incidents/{id}/heat")
async def heat(request: web.Request) -> web.Response:
    kept = await incident_of(request)
    found = await heat_of(request, await kept_picture(request, kept))
    body = {
        "prob": round(found.prob, _DECIMALS),
        "cells": [[round(prob, _DECIMALS) for prob in row] for row in found.cells.tolist()],
        "region": found.region().tolist(),
    }
    return web.json_response(body, headers={"Cache-Control": "no-store"})


async def kept_picture(request: web.Request, kept: KeptIncident) -> Pixels:
    """The frame of an incident's peak. Raises `Problem` 404."""
    try:
        pixels = await parts_of(request).pictures.find(kept)
    except PictureUnreadable as error:
        _log.warning("a picture that was kept is gone or damaged: %s", error)
        raise Problem(404, "The picture of this incident is gone or damaged.", code="no_picture") from error
    if pixels is None:
        raise Problem(404, "No picture of this incident is kept.", code="no_picture")
    return pixels


async def heat_of(request: web.Request, pixels: Pixels) -> Heat:
    """Where the detector in use sees gore in a picture. Raises `Problem` where it does not tell, or not now."""
    heats = parts_of(request).heats
    if heats is None:
        raise Problem(404, "The detector in use does not tell where in a picture it sees something.", code="no_heat")
    try:
        return await heats.of(pixels)
    except Overloaded as error:
        detail = "As many pictures are being looked at as may be; try again."
        raise Problem(503, detail, code="overloaded", headers={"Retry-After": _LATER_S}) from error
    except InternalFault as error:
        raise Problem(500, str(error)) from error
