"""What a host is made of, built in order as contexts that are left in the opposite one."""

import asyncio
import io
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import psutil
from PIL import Image

from inference.manifest import Manifest, manifest_path, read_manifest, shipped_manifest_path
from inference.model import Model
from inference.scorer import Scorer
from inference.sizing import sizing
from stream.ice import IceOptions
from stream.pool import WorkerPool
from stream.sample import Pixels
from stream.setup import WorkerLimits

from ...around import SampleLane
from ...background import going_on
from .borrowing import Borrowed
from .host import Host
from .lending import Detector, Lender
from .messages import Load

_QUALITY = 85


class OtherRelease(Exception):
    """The service is of another release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOptions:
    """How a host is set up: as the settings of the service say, for the processors that it was given."""

    model: Path | None
    provider: Literal["auto", "cuda", "tensorrt", "cpu"]
    variant: Literal["auto", "fp32", "int8", "fp16"]
    limits: WorkerLimits
    ice: IceOptions
    release: str
    """Of the service, which a host has to have, too: they exchange values of their own."""
    cpus: float
    """Workers decode on all of them; on a CPU, threads that score take half as many, or all where nobody decodes."""
    borrows: bool = False
    """It has no detector: others score for it."""


@dataclass(frozen=True, slots=True)
class OpenHost:
    """A host that waits for its first term, and what it scores with: its own detector, or those of others."""

    host: Host
    lender: Lender | None = None
    borrowed: Borrowed | None = None


@asynccontextmanager
async def open_host(options: HostOptions) -> AsyncIterator[OpenHost]:
    """Raises `inference.manifest.ModelError`, `stream.errors.Overloaded`, and `OtherRelease`."""
    if options.borrows:
        _check_release(options)
        source = shipped_manifest_path() if options.model is None else manifest_path(options.model)
        manifest = await asyncio.to_thread(read_manifest, source)
        borrowed = Borrowed(Detector.of(manifest), manifest.input)
        try:
            async with _host(options, manifest, borrowed.lane, strained=lambda: borrowed.strained) as host:
                yield OpenHost(host, borrowed=borrowed)
        finally:
            await borrowed.aclose()
        return
    async with (
        _scorer(options, cpus=_workers(options) // 2) as (scorer, manifest),
        _host(options, manifest, scorer.lane, strained=lambda: False) as host,
    ):
        yield OpenHost(host, lender=Lender(scorer, Detector.of(manifest)))


@asynccontextmanager
async def open_lender(options: HostOptions) -> AsyncIterator[Lender]:
    """What scores for others alone. Raises `inference.manifest.ModelError`, and `OtherRelease`."""
    async with _scorer(options, cpus=_workers(options)) as (scorer, manifest):
        yield Lender(scorer, Detector.of(manifest))


@asynccontextmanager
async def _scorer(options: HostOptions, *, cpus: int) -> AsyncIterator[tuple[Scorer, Manifest]]:
    _check_release(options)
    model = await asyncio.to_thread(Model.load, options.model, provider=options.provider, variant=options.variant)
    sizes = sizing(model.provider, cpus=max(cpus, 1))
    try:
        async with Scorer(
            model, max_batch=sizes.max_batch, max_wait_s=sizes.max_wait_s, threads=sizes.threads
        ) as scorer:
            yield scorer, model.manifest
    finally:
        model.close()


@asynccontextmanager
async def _host(
    options: HostOptions, manifest: Manifest, new_lane: Callable[[], SampleLane], *, strained: Callable[[], bool]
) -> AsyncIterator[Host]:
    size = manifest.input
    async with WorkerPool(
        _workers(options), width_px=size.width, height_px=size.height, limits=options.limits, ice=options.ice
    ) as pool:
        meter = Meter(pool, cpus=options.cpus, strained=strained)
        host = Host(pool, new_lane, compress=compressed, load=meter.load)
        try:
            async with going_on(host.run, "host"):
                yield host
        finally:
            await host.aclose()


def _check_release(options: HostOptions) -> None:
    here = version("gorewatch")
    if options.release != here:
        raise OtherRelease(f"It has gorewatch {here}, and the service {options.release}: install the same.")


def _workers(options: HostOptions) -> int:
    return max(round(options.cpus), 1)


def compressed(pixels: Pixels) -> bytes:
    """As a JPEG."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


class Meter:
    """Measures how busy this process and its workers keep the processors: wholly, where it is `strained` otherwise."""

    def __init__(self, pool: WorkerPool, *, cpus: float, strained: Callable[[], bool]) -> None:
        self._pool = pool
        self._strained = strained
        self._cpus = max(cpus, 1.0)
        self._used: dict[int, float] = {}
        self._at_s = time.monotonic()
        self._busy = 0.0

    def load(self, streams: int) -> Load:
        """Since about a second ago."""
        now_s = time.monotonic()
        if now_s - self._at_s >= 1.0:
            used = self._used_s()
            spent_s = sum(seconds - self._used.get(pid, 0.0) for pid, seconds in used.items())
            self._busy = min(max(spent_s / (now_s - self._at_s) / self._cpus, 0.0), 1.0)
            self._used, self._at_s = used, now_s
        busy = 1.0 if self._strained() else self._busy
        return Load(busy, streams, len(self._pool.workers), self._pool.restarts)

    def _used_s(self) -> dict[int, float]:
        """Of each process, the processors' seconds that it has had."""
        used: dict[int, float] = {}
        for pid in (None, *(worker.pid for worker in self._pool.workers)):
            try:
                process = psutil.Process(pid)
                times = process.cpu_times()
            except psutil.Error:
                continue
            used[process.pid] = times.user + times.system
        return used
