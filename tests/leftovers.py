"""What a test must not leave behind: threads, tasks, and on a loop that goes on after it, sockets."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import psutil

_LEAVE_S = 15.0
"""How long they may take to leave after their test, on a machine that is busy with something else."""


@contextmanager
def no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + _LEAVE_S
    while left := [thread for thread in threading.enumerate() if thread not in before and not _is_loops_own(thread)]:
        assert time.monotonic() < deadline, f"threads left behind: {[thread.name for thread in left]}"
        time.sleep(0.01)


@asynccontextmanager
async def no_task_left() -> AsyncIterator[None]:
    """What is left is cancelled, so that it does not go on in a later test of the same loop."""
    before = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    if left:
        _, left = await asyncio.wait(left, timeout=_LEAVE_S)
    for task in left:
        task.cancel()
    assert not left, f"tasks left behind: {left}"


@asynccontextmanager
async def no_socket_left() -> AsyncIterator[None]:
    """Nor one of TCP or UDP: a loop that goes on keeps them open, and nobody is warned of them."""
    before = _sockets()
    yield
    deadline = time.monotonic() + _LEAVE_S
    while left := _sockets() - before:
        assert time.monotonic() < deadline, f"sockets left behind: {left}"
        await asyncio.sleep(0.01)


def _sockets() -> set[str]:
    return {f"{one.fd} from {one.laddr} to {one.raddr}" for one in psutil.Process().net_connections("inet")}


def _is_loops_own(thread: threading.Thread) -> bool:
    # The default executor's threads stay until their loop is closed, which is after the last fixture.
    return thread.name.startswith("asyncio_")
