"""Hosts on Ray whose sources are made up: `python -m web.bench.scale_synthetic serve …` is the service with them.

Everything between its scores and the service is the real thing; nothing is decoded and nothing scored, so that one
machine shows what a service costs that many machines work for.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import numpy as np

from inference.taxonomy import Taxonomy
from stream.address import Address
from stream.errors import AddressInvalid
from stream.options import SourceOptions
from stream.sample import Counters, Sample, Source, SourceInfo, State, Status

from ..background import going_on
from ..cli import main
from ..cluster.hosting import on_ray
from ..cluster.hosting.actors import HostActor
from ..cluster.hosting.host import Host
from ..cluster.hosting.messages import Load
from ..cluster.hosting.parts import OpenHost, compressed
from ..publishing import ReceivedSource

_SIDE_PX = 240
_SCORE = 0.03
"""So low that it is of no interest."""
_INFO = SourceInfo("h264", 1280, 720, 30.0, live=True)


class SyntheticSource:
    """A live source that is up at once and gives the same picture over and over, `fps` times a second."""

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._closed = asyncio.Event()
        self._samples = 0
        # A picture that compresses as a photo does.
        slope = np.linspace(0, 200, _SIDE_PX, dtype=np.float32)
        grain = np.random.default_rng(3).normal(0.0, 8.0, (_SIDE_PX, _SIDE_PX, 3))
        self._pixels = np.clip(slope[None, :, None] + slope[:, None, None] / 4 + grain, 0, 255).astype(np.uint8)

    async def __aiter__(self) -> AsyncIterator[Sample | Status]:
        yield Status(State.LIVE, _INFO)
        began_s = time.monotonic() + random.uniform(0.0, 1.0 / self._fps)  # noqa: S311
        while not await self._over(began_s + self._samples / self._fps):
            yield Sample(self._pixels, self._samples / self._fps, time.monotonic(), 0, self._samples)
            self._samples += 1
        yield Status(State.ENDED)

    def release(self, sample: Sample) -> None:
        """Its picture is always the same."""

    def counters(self) -> Counters:
        return Counters(frames=30 * self._samples, samples=self._samples)

    def hurry(self, for_s: float) -> None:
        """It does not."""

    async def aclose(self) -> None:
        self._closed.set()

    async def _over(self, until_s: float) -> bool:
        try:
            async with asyncio.timeout(max(until_s - time.monotonic(), 0.0)):
                await self._closed.wait()
        except TimeoutError:
            return False
        return True


class _Pool:
    async def pull(self, address: Address, options: SourceOptions) -> Source:
        del address
        return SyntheticSource(options.fps)

    async def receive(self, offer_sdp: str, options: SourceOptions) -> tuple[ReceivedSource, str]:
        del offer_sdp, options
        raise AddressInvalid("Made-up sources are not sent by anybody.")


class _Lane:
    def submit(self, sample: Sample, *, live: bool) -> asyncio.Future[float]:
        del sample, live
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        future.set_result(_SCORE)
        return future

    def tell(self, sample: Sample, *, live: bool = False) -> asyncio.Future[Taxonomy]:
        raise NotImplementedError("streams are asked for scores alone")

    def close(self) -> None:
        """There is nothing to close."""


@asynccontextmanager
async def _open_synthetic() -> AsyncIterator[OpenHost]:
    host = Host(_Pool(), _Lane, compress=compressed, load=lambda streams: Load(0.0005 * streams, streams, 1, 0))
    async with going_on(host.run, "host"):
        yield OpenHost(host)


class SyntheticActor(HostActor):
    """The host on a node."""

    def opening(self) -> AbstractAsyncContextManager[OpenHost]:
        return _open_synthetic()


if __name__ == "__main__":
    # What is pickled is found again by its module's name, which is not that of a program.
    from .scale_synthetic import SyntheticActor as Found

    on_ray.HostActor = Found  # type: ignore[attr-defined]
    main()
