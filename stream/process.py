"""One worker process as the service sees it: spawned, heard, and ended: asked, given a deadline, then killed."""

import asyncio
import contextlib
import json
import logging
import os
import resource
import socket
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from pydantic import ValidationError

from stream.errors import WorkerLost
from stream.messages import (
    ORDERS,
    REPORTS,
    Alive,
    Answered,
    Done,
    GiveBack,
    Hurry,
    MessageInvalid,
    Opened,
    Picked,
    Progress,
    Pull,
    Ready,
    Receive,
    Restarted,
    Stop,
    Trickle,
    frame,
    read_frame,
)
from stream.ring import SlotMemory, create_memory_fd, memory_bytes
from stream.setup import Setup, WorkerLimits

SourceReport = Answered | Restarted | Opened | Picked | Progress | Done
_SECOND_LOOK_S = 1.0
_START_TIMEOUT_S = 30.0
_SECRET = ("GOREWATCH_", "RAY_")
"""Our settings hold secrets, and Ray's a token, which a process that decodes hostile media must not have."""
_HANG_TIMEOUT_S = 8.0
"""Well under what a source is given, so that a hang is the worker's fault and its live sources come back."""
_LEAVE_TIMEOUT_S = 3.0
_LEAST_ADDRESS_SPACE_BYTES = 8 << 30
"""Of which much is never touched."""
_OWN_FILES = 256
_FILES_A_SOURCE = 16
"""A relay has five, a playlist with its key and segments fewer."""
_log = logging.getLogger("gorewatch.pool")


class WorkerProcess:
    """A running worker. `spawn` makes one, `run` hears it until it is gone, `aclose` ends it."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
        memory: SlotMemory,
    ) -> None:
        self.memory = memory
        self._process = process
        self._reader = reader
        self._orders, self._reports = writers

    @property
    def pid(self) -> int:
        return self._process.pid

    def resident_bytes(self) -> int:
        """Memory that it really has, as the operating system tells; 0 where that is not known."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        except (OSError, ValueError, IndexError):
            return 0
        return pages * resource.getpagesize()

    @classmethod
    async def spawn(cls, *, slots: int, height_px: int, width_px: int, limits: WorkerLimits) -> "WorkerProcess":
        """Start a worker and wait until it takes orders. Raises `WorkerLost` when it does not in time."""
        memory_fd = create_memory_fd(memory_bytes(slots=slots, height_px=height_px, width_px=width_px))
        orders, worker_orders = socket.socketpair()
        reports, worker_reports = socket.socketpair()
        handed = (worker_orders.fileno(), worker_reports.fileno(), memory_fd)
        space_bytes = max(_LEAST_ADDRESS_SPACE_BYTES, 2 * limits.memory_bytes) if limits.address_space else None
        open_files = _OWN_FILES + _FILES_A_SOURCE * limits.sources
        setup = Setup(*handed, slots, height_px, width_px, space_bytes, open_files)
        try:
            # -P: a folder named `stream` where the operator happens to stand must not be imported instead of ours.
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "stream.worker",
                json.dumps(asdict(setup)),
                pass_fds=handed,
                env={name: value for name, value in os.environ.items() if not name.startswith(_SECRET)},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
            )
            memory = SlotMemory(memory_fd, slots=slots, height_px=height_px, width_px=width_px)
        except BaseException:
            orders.close()
            reports.close()
            raise
        finally:
            os.close(memory_fd)
            worker_orders.close()
            worker_reports.close()
        try:
            reader, writers = await _joined(orders, reports)
        except BaseException:
            process.kill()
            await process.wait()
            raise
        worker = cls(process, reader, writers, memory)
        try:
            await worker._wait_ready()
        except BaseException:
            await worker.aclose()
            raise
        return worker

    async def _wait_ready(self) -> None:
        try:
            async with asyncio.timeout(_START_TIMEOUT_S):
                body = await read_frame(self._reader)
        except (TimeoutError, MessageInvalid) as error:
            raise WorkerLost("A worker process did not start in time.") from error
        try:
            ready = body is not None and isinstance(REPORTS.validate_json(body), Ready)
        except ValidationError:
            ready = False
        if not ready:
            raise WorkerLost("A worker process ended while it started.")

    def send(self, order: Pull | Receive | Trickle | Stop | Hurry | GiveBack) -> None:
        """Hand an order over; never blocks. One to a worker that has gone is lost, as its sources are."""
        if not self._orders.is_closing():
            self._orders.write(frame(ORDERS.dump_json(order)))

    async def run(self, hear: Callable[[SourceReport], None]) -> None:
        """Pass reports on until the worker ends, hangs or talks nonsense; `hear` may raise IndexError for that."""
        while True:
            try:
                body = await self._next_body()
                if body is None:
                    return
                report = REPORTS.validate_json(body)
                if not isinstance(report, Ready | Alive):
                    hear(report)
            except TimeoutError:
                _log.error("worker %d has not been heard for %g s: it is replaced", self.pid, _HANG_TIMEOUT_S)
                return
            except (MessageInvalid, ValidationError, IndexError) as error:
                _log.error("worker %d is replaced: it sent an invalid message: %s", self.pid, error)
                return

    async def _next_body(self) -> bytes | None:
        """Raises TimeoutError when the worker is silent."""
        reading = asyncio.create_task(read_frame(self._reader), name="worker-report")
        try:
            # Should this loop have stood still itself, the second wait takes what has come meanwhile.
            for patience_s in (_HANG_TIMEOUT_S, _SECOND_LOOK_S):
                await asyncio.wait({reading}, timeout=patience_s)
                if reading.done():
                    return reading.result()
            raise TimeoutError
        finally:
            reading.cancel()

    async def aclose(self) -> int:
        """End the process: closing its orders asks it to leave, a deadline kills it. Returns its exit code."""
        for writer in (self._orders, self._reports):
            writer.close()
        try:
            async with asyncio.timeout(_LEAVE_TIMEOUT_S):
                return await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            return await self._process.wait()
        finally:
            for writer in (self._orders, self._reports):
                # What it never took would keep a closed connection open.
                writer.transport.abort()


async def _joined(
    orders: socket.socket, reports: socket.socket
) -> tuple[asyncio.StreamReader, tuple[asyncio.StreamWriter, asyncio.StreamWriter]]:
    """Our ends of both connections as streams; closed if they cannot be, or if this is cancelled."""
    orders_writer = None
    try:
        _, orders_writer = await asyncio.open_connection(sock=orders)
        reader, reports_writer = await asyncio.open_connection(sock=reports)
    except BaseException:
        if orders_writer is not None:
            orders_writer.close()
        orders.close()
        reports.close()
        raise
    return reader, (orders_writer, reports_writer)
