"""What runs inside a worker process: it decodes, and hostile media goes no further than here.

The main thread runs an event loop that takes the service's orders and carries WebRTC; each pulled source has a thread
of its own, which opens, decodes and closes its container. All of them report through one socket. When the service goes
away the process ends at once.
"""

import asyncio
import contextlib
import json
import logging
import os
import resource
import signal
import socket
import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Coroutine
from pathlib import Path

import av.logging
from PIL import Image

from stream.emit import Emitter
from stream.errors import Failure, InternalFault, SourceError
from stream.messages import (
    ORDERS,
    Alive,
    Done,
    GiveBack,
    Hurry,
    Pull,
    Ready,
    Receive,
    Reports,
    ServiceGone,
    Stop,
    Trickle,
    read_frame,
)
from stream.options import SourceOptions
from stream.pull import pull
from stream.ring import SlotMemory, Slots
from stream.setup import Setup
from stream.threads import Threads
from stream.webrtc_ports import MediaLoop

_ALIVE_EVERY_S = 1.0
_MOST_TRICKLES = 32
"""Fragments of one publisher that wait; more are dropped."""
_NICENESS = 5
_CHECKS_NICENESS = 5
"""On top of that, of one-off images and videos."""
_IDLE_THREADS = 4
_FIRST_TO_GO = "500"
_log = logging.getLogger("gorewatch.worker")


class Worker:
    """The sources of one process and their threads."""

    def __init__(self, reports: Reports, memory: SlotMemory) -> None:
        self._reports = reports
        self._memory = memory
        self._slots = Slots(memory.slots)
        self._stops: dict[int, threading.Event] = {}
        self._emitters: weakref.WeakValueDictionary[int, Emitter] = weakref.WeakValueDictionary()
        self._publishers: dict[int, asyncio.Task[None]] = {}
        self._trickles: dict[int, asyncio.Queue[Trickle]] = {}
        self._checks = Threads("gorewatch-check", begin=_step_back, idle=_IDLE_THREADS)

    async def serve(self, orders: asyncio.StreamReader) -> None:
        """Follow orders until the service goes away."""
        alive = asyncio.create_task(self._say_alive(), name="alive")
        self._reports.send(Ready())
        try:
            while (body := await read_frame(orders)) is not None:
                match ORDERS.validate_json(body):
                    case Pull() as order:
                        self._pull(order)
                    case Receive() as order:
                        self._receive(order)
                    case Trickle(source=source) as order:
                        self._trickle(source, order)
                    case Stop(source=source):
                        self._stop(source)
                    case Hurry(source=source, for_s=for_s):
                        if (emitter := self._emitters.get(source)) is not None:
                            emitter.hurry(for_s)
                    case GiveBack(slots=slots):
                        for slot in slots:
                            self._slots.give_back(slot)
        finally:
            alive.cancel()
            self._checks.close()

    async def _say_alive(self) -> None:
        while True:
            self._reports.send(Alive())
            await asyncio.sleep(_ALIVE_EVERY_S)

    def _emitter(self, source: int, options: SourceOptions, stop: threading.Event) -> Emitter:
        emitter = self._emitters[source] = Emitter(
            source, options, memory=self._memory, slots=self._slots, reports=self._reports, stopped=stop.is_set
        )
        return emitter

    def _pull(self, order: Pull) -> None:
        stop = self._stops[order.source] = threading.Event()
        emitter = self._emitter(order.source, order.options, stop)
        loop = asyncio.get_running_loop()

        def run() -> None:
            failure, off_air = outcome(lambda: pull(order.address, order.options, emitter, stop))
            with contextlib.suppress(OSError):
                emitter.finish()
                done = Done(order.source, None) if stop.is_set() else Done(order.source, failure, off_air)
                self._reports.send(done)
            with contextlib.suppress(RuntimeError):  # the loop has closed: the process is ending
                loop.call_soon_threadsafe(self._stops.pop, order.source, None)

        if order.options.kind == "any":
            threading.Thread(target=run, name=f"gorewatch-pull-{order.source}", daemon=True).start()
        else:
            self._checks.run(run)

    def _receive(self, order: Receive) -> None:
        stop = self._stops[order.source] = threading.Event()
        emitter = self._emitter(order.source, order.options, stop)
        trickles = self._trickles[order.source] = asyncio.Queue(_MOST_TRICKLES)
        task = asyncio.create_task(self._publisher(order, emitter, trickles), name=f"receive-{order.source}")
        self._publishers[order.source] = task
        task.add_done_callback(lambda _: self._forget_publisher(order.source))

    async def _publisher(self, order: Receive, emitter: Emitter, trickles: "asyncio.Queue[Trickle]") -> None:
        try:
            receive = await asyncio.to_thread(_load_receive)
        except asyncio.CancelledError:
            emitter.finish()
            self._reports.send(Done(order.source, None))
            raise
        await receive(order, emitter, self._reports, trickles)

    def _trickle(self, source: int, order: Trickle) -> None:
        trickles = self._trickles.get(source)
        if trickles is not None and not trickles.full():
            trickles.put_nowait(order)

    def _forget_publisher(self, source: int) -> None:
        self._trickles.pop(source, None)
        self._publishers.pop(source, None)
        self._stops.pop(source, None)

    def _stop(self, source: int) -> None:
        if (stop := self._stops.get(source)) is not None:
            stop.set()
        if (publisher := self._publishers.get(source)) is not None:
            publisher.cancel()


def _load_receive() -> Callable[[Receive, Emitter, Reports, "asyncio.Queue[Trickle]"], Coroutine[object, object, None]]:
    """aiortc takes a third of a second to import, and much longer where processors are short: only workers that receive
    pay for it, and in a thread, so that the service does not take the worker to hang."""
    from stream.webrtc import receive

    return receive


def _step_back() -> None:
    """For a thread that looks at what was sent: who sends much of it must not make live streams late."""
    if sys.platform == "linux":  # where niceness is the thread's own
        os.nice(_CHECKS_NICENESS)


def outcome(run: Callable[[], bool]) -> tuple[Failure | None, bool]:
    """What a source's thread ended with: a failure, or whether it went off the air without a word.

    A defect of ours costs the source, not the worker.
    """
    try:
        return None, run()
    except SourceError as error:
        return error.failure(), False
    except ServiceGone:
        return None, False  # and nobody to tell
    except Exception:
        _log.exception("a source's thread failed")
        return InternalFault("It could not be read because of a fault of ours; the log has it.").failure(), False


async def _main(setup: Setup) -> None:
    memory = SlotMemory(setup.memory_fd, slots=setup.slots, height_px=setup.height_px, width_px=setup.width_px)
    os.close(setup.memory_fd)
    with socket.socket(fileno=setup.reports_fd) as reports:
        reports.setblocking(True)
        orders, writer = await asyncio.open_connection(sock=socket.socket(fileno=setup.orders_fd))
        try:
            await Worker(Reports(reports), memory).serve(orders)
        finally:
            writer.close()


def _limit_itself(setup: Setup) -> None:
    """What decodes hostile media is the first to go when memory runs short, long before the machine's is used up."""
    if setup.address_space_bytes is not None:
        resource.setrlimit(resource.RLIMIT_AS, (setup.address_space_bytes, setup.address_space_bytes))
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = setup.open_files if most_files == resource.RLIM_INFINITY else min(setup.open_files, most_files)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    with contextlib.suppress(OSError):  # Linux alone has it
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO)


def main() -> None:
    """Entry of `python -m stream.worker SETUP`; `SETUP` is the JSON of `Setup`."""
    # Ctrl-C and service managers signal the whole group; only the service decides when its workers end.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    # When processors run short, what was decoded already is scored and delivered before more is decoded.
    os.nice(_NICENESS)
    setup = Setup(**json.loads(sys.argv[1]))
    _limit_itself(setup)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    av.logging.set_level(None)
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # sizes are judged by limits of our own
    with contextlib.suppress(OSError), asyncio.Runner(loop_factory=MediaLoop) as runner:
        runner.run(_main(setup))
    # Threads may sit in a read that only its deadline ends; nothing is left that they could be needed for.
    os._exit(0)


if __name__ == "__main__":
    main()
