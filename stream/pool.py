"""The worker processes: spawned, watched, replaced; streams are placed on the least loaded."""

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from stream.address import Address
from stream.errors import Failure, Overloaded, WorkerLost, WorkerReplaced
from stream.ice import IceOptions
from stream.messages import GiveBack, Picked, Pull, Receive, Stop
from stream.options import SourceOptions
from stream.pooled import PooledSource
from stream.process import SourceReport, WorkerProcess
from stream.setup import WorkerLimits

_SLOTS = 64
_START_TIMEOUT_S = 30.0
_PLACE_TIMEOUT_S = 10.0
_FIRST_DELAY_S = 0.2
_LAST_DELAY_S = 10.0
_STABLE_S = 30.0
_LIMITS = WorkerLimits()
_MEMORY_EVERY_S = 2.0
_log = logging.getLogger("gorewatch.pool")


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """One worker, for people and metrics."""

    pid: int
    sources: int
    restarts: int


@dataclass(slots=True)
class _Seat:
    """A place for one worker: who sits there now, and its sources."""

    process: WorkerProcess | None = None
    sources: dict[int, PooledSource] = field(default_factory=dict)
    restarts: int = 0


class WorkerPool:
    """Owns the worker processes. An async context manager; all methods belong to one event loop."""

    def __init__(
        self,
        workers: int,
        *,
        width_px: int,
        height_px: int,
        slots: int = _SLOTS,
        limits: WorkerLimits = _LIMITS,
        ice: IceOptions | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if workers < 1:
            raise ValueError("a pool needs at least one worker")
        self._size_px = (width_px, height_px)
        self._slots = slots
        self._limits = limits
        self._ice = ice or IceOptions()
        self._clock = clock
        self._seats = [_Seat() for _ in range(workers)]
        self._numbers = itertools.count(1)
        self._keepers: list[asyncio.Task[None]] = []
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def start(self) -> None:
        """Spawn the workers and wait until they take orders. Raises `Overloaded` when not one does in time."""
        self._keepers = [
            asyncio.create_task(self._keep(seat), name=f"worker-{index}") for index, seat in enumerate(self._seats)
        ]
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_START_TIMEOUT_S):
                    await self.wait_ready()
            await self._wait_for_seat(0.0)
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """End all workers; their sources end with them. Idempotent."""
        keepers, self._keepers = self._keepers, []
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)

    @property
    def ready(self) -> bool:
        """Whether every worker is up."""
        return all(seat.process is not None for seat in self._seats)

    @property
    def workers(self) -> list[WorkerFacts]:
        return [
            WorkerFacts(seat.process.pid, len(seat.sources), seat.restarts)
            for seat in self._seats
            if seat.process is not None
        ]

    @property
    def restarts(self) -> int:
        """Workers replaced since the start."""
        return sum(seat.restarts for seat in self._seats)

    async def wait_ready(self) -> None:
        """Until every worker is up."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.ready)

    async def pull(self, address: Address, options: SourceOptions) -> PooledSource:
        """Open an address in a worker; what becomes of it, the source tells. Raises `Overloaded`."""
        source = await self._place(options)
        self._order(source, Pull(source.number, address, options))
        return source

    async def receive(self, offer_sdp: str, options: SourceOptions) -> tuple[PooledSource, str]:
        """Answer a WebRTC offer in a worker. Returns the source and the SDP answer.

        Raises `Overloaded`, or `PublishRefused` for an offer that cannot be answered.
        """
        source = await self._place(options)
        self._order(source, Receive(source.number, offer_sdp, options, self._ice))
        try:
            return source, await source.answer()
        except BaseException:
            await source.aclose()
            raise

    def _order(self, source: PooledSource, order: Pull | Receive) -> None:
        seat = self._seat_of(source.number)
        if seat is not None and seat.process is not None:
            seat.process.send(order)

    def _seat_of(self, number: int) -> _Seat | None:
        return next((seat for seat in self._seats if number in seat.sources), None)

    async def _place(self, options: SourceOptions) -> PooledSource:
        seat = await self._wait_for_seat(_PLACE_TIMEOUT_S)
        process = seat.process
        assert process is not None, "a seat that was waited for is taken"
        number = next(self._numbers)
        source = PooledSource(number, process, options, forget=lambda gone: _forget(seat, gone))
        seat.sources[number] = source
        return source

    async def _wait_for_seat(self, timeout_s: float) -> _Seat:
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(lambda: any(seat.process for seat in self._seats))
        except TimeoutError as error:
            raise Overloaded("No worker process is up; the log says why.") from error
        taken = [seat for seat in self._seats if seat.process is not None]
        seat = min(taken, key=lambda seat: len(seat.sources))
        if len(seat.sources) >= self._limits.sources:
            raise Overloaded("Every worker process has as many streams as it may have (limits.worker_streams).")
        return seat

    async def _keep(self, seat: _Seat) -> None:
        """Keep one seat taken: spawn, hear, clear away, again; with growing delays while it does not last."""
        delay_s = _FIRST_DELAY_S
        while True:
            started_s = self._clock()
            try:
                await self._seat_one(seat)
            except (WorkerLost, OSError) as error:
                _log.error("a worker process could not be started: %s", error)
            except Exception:
                # Whatever it was, the seat must be taken again.
                _log.exception("a worker's keeper failed")
            if self._clock() - started_s >= _STABLE_S:
                delay_s = _FIRST_DELAY_S
            await asyncio.sleep(delay_s)
            delay_s = min(2.0 * delay_s, _LAST_DELAY_S)
            seat.restarts += 1

    async def _outgrown(self, process: WorkerProcess, hear: Callable[[SourceReport], None]) -> bool:
        """Hear a worker until it ends, or until it has more memory than it may have: then True."""
        running = asyncio.create_task(process.run(hear), name=f"worker-run-{process.pid}")
        try:
            while not running.done():
                await asyncio.wait({running}, timeout=_MEMORY_EVERY_S)
                if (resident_bytes := process.resident_bytes()) > self._limits.memory_bytes:
                    megabytes = resident_bytes // 1_000_000
                    _log.error("worker %d is replaced: it has grown to %d MB", process.pid, megabytes)
                    return True
            running.result()
            return False
        finally:
            await _cancelled(running)

    async def _seat_one(self, seat: _Seat) -> None:
        width_px, height_px = self._size_px
        process = await WorkerProcess.spawn(
            slots=self._slots, height_px=height_px, width_px=width_px, limits=self._limits
        )
        failure = WorkerLost("The worker process that decoded it has died.").failure()
        try:
            seat.process = process
            async with self._changed:
                self._changed.notify_all()
            if await self._outgrown(process, lambda report: _hear(seat, process, report)):
                failure = WorkerReplaced(
                    "The worker process that decoded it grew too large and was replaced."
                ).failure()
            _log.error("worker %d is gone, with %d sources", process.pid, len(seat.sources))
        finally:
            seat.process = None
            _lose_all(seat, failure)
            closing = asyncio.ensure_future(process.aclose())
            try:
                await asyncio.shield(closing)
            except asyncio.CancelledError:
                # The pool is closing meanwhile: the process is still ours to end.
                await closing
                raise


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})


def _hear(seat: _Seat, process: WorkerProcess, report: SourceReport) -> None:
    source = seat.sources.get(report.source)
    if source is not None:
        source.hear(report)
    elif isinstance(report, Picked):
        # It was given up meanwhile: its memory goes back at once.
        process.send(GiveBack([report.slot]))
        process.send(Stop(report.source))


def _forget(seat: _Seat, number: int) -> None:
    seat.sources.pop(number, None)


def _lose_all(seat: _Seat, failure: Failure) -> None:
    for source in list(seat.sources.values()):
        source.lose(failure)
    seat.sources.clear()
