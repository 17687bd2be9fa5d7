"""The scores of a media in the store, for few requests at a time: a long media keeps a connection and a thread busy."""

import math

from aiohttp import web

from stream.errors import Overloaded

from ..recording.series import read_series
from ..recording.thinning import Series
from ..turns import Turns
from .parts import parts_of
from .problems import Problem

_RUNNING, _WAITING, _WAIT_S = 2, 32, 10.0
"""Of the store's four connections two are left to everything else."""
_LATER_S = "2"
TURNS = web.AppKey("series_turns", Turns)


def new_turns() -> Turns:
    return Turns(running=_RUNNING, waiting=_WAITING, wait_s=_WAIT_S)


async def series_of(
    request: web.Request, media_id: str, *, max_points: int, from_s: float = -math.inf, to_s: float = math.inf
) -> Series:
    """From one position to another, both included, when it is this request's turn.

    Raises `Problem` 503 when there are too many, and `web.store.errors.StoreError`.
    """
    try:
        async with request.app[TURNS].one():
            store = parts_of(request).store
            return await read_series(store, media_id, max_points=max_points, from_s=from_s, to_s=to_s)
    except Overloaded as error:
        detail = "Scores are read for as many as can be at once; try again."
        raise Problem(503, detail, code="overloaded", headers={"Retry-After": _LATER_S}) from error
