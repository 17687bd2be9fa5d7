"""Where the detector sees gore in a picture that is kept: asked when somebody looks, never of what is live."""

import asyncio
from typing import Protocol

import numpy as np
from PIL import Image

from inference.heat import Heat
from inference.scorer import SampleDropped, ScoringFailed
from stream.errors import InternalFault, Overloaded
from stream.sample import Pixels

from .turns import Turns

_RUNNING, _WAITING, _WAIT_S = 2, 16, 5.0


class Locates(Protocol):
    """A lane of the scorer."""

    def heat(self, pixels: Pixels) -> asyncio.Future[Heat]: ...


class Heats:
    """Of a detector that tells where. A few pictures at a time, so that looking does not hold up what is scored."""

    def __init__(self, lane: Locates, size_px: tuple[int, int], *, wait_s: float = _WAIT_S) -> None:
        """`size_px`: width and height of the detector's input."""
        self._lane = lane
        self._size_px = size_px
        self._wait_s = wait_s
        self._turns = Turns(running=_RUNNING, waiting=_WAITING, wait_s=wait_s)

    async def of(self, pixels: Pixels) -> Heat:
        """Raises `stream.errors.Overloaded` and `InternalFault`."""
        try:
            async with self._turns.one(), asyncio.timeout(self._wait_s):
                return await self._lane.heat(await self._fitting(pixels))
        except TimeoutError as error:
            raise Overloaded(f"It was not looked at within {self._wait_s:g} s.") from error
        except SampleDropped as error:
            raise Overloaded("The service is stopping.") from error
        except ScoringFailed as error:
            raise InternalFault("The detector failed on it; its log says why.") from error

    async def _fitting(self, pixels: Pixels) -> Pixels:
        """What was kept of a detector with another input is made to fit."""
        height_px, width_px = pixels.shape[:2]
        if (width_px, height_px) == self._size_px:
            return pixels
        picture = Image.fromarray(pixels)
        return np.asarray(await asyncio.to_thread(picture.resize, self._size_px, Image.Resampling.BILINEAR))
