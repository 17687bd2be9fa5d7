"""The worker processes of a pool: killed, hanging, grown too large, and what they leave behind."""

import asyncio
import gc
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from stream.address import parse
from stream.errors import Overloaded
from stream.messages import REPORTS, Picked, frame
from stream.pool import WorkerPool
from stream.sample import Sample, State
from stream.setup import WorkerLimits
from tests.media import Clips
from tests.stream.reading import a_pool, drain, read, trusted


async def test_a_worker_that_is_killed_fails_its_sources_and_no_other(clips: Clips) -> None:
    async with a_pool(workers=2) as pool:
        sources = [await pool.pull(parse(str(clips.ts)), replace(trusted(), paced=True, loop=True)) for _ in range(2)]
        streams = [aiter(source) for source in sources]
        for stream in streams:
            while not isinstance(await anext(stream), Sample):
                pass
        victim = pool.workers[0]
        os.kill(victim.pid, signal.SIGKILL)

        readings = await asyncio.gather(*(drain(source, samples=4) for source in sources))

        lost = [reading for reading in readings if reading.code == "worker_lost"]
        others = [reading for reading in readings if reading.failure is None]
        assert (len(lost), len(others)) == (1, 1)
        assert len(others[0].positions) == 4
        # A new worker takes the seat and reads on.
        again = await read(pool, str(clips.ts), trusted(fps=1.0))
        assert again.states[-1] is State.ENDED
        await pool.wait_ready()
        assert victim.pid not in {worker.pid for worker in pool.workers}


async def test_a_pool_leaves_no_process_and_no_descriptor(clips: Clips) -> None:
    def descriptors() -> int:
        gc.collect()  # a ring stays mapped until the last view on it is gone
        return len(list(Path("/dev/fd").iterdir()))

    async with a_pool() as pool:
        await read(pool, str(clips.jpeg))
    await asyncio.sleep(0)  # the closed pool's last tasks are let go of
    before = descriptors()
    async with a_pool(workers=2) as pool:
        pids = [worker.pid for worker in pool.workers]
        await read(pool, str(clips.ts), samples=3)
    await asyncio.sleep(0)
    assert descriptors() == before
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_closing_while_a_dead_worker_is_being_replaced(clips: Clips) -> None:
    async with a_pool() as pool:
        os.kill(pool.workers[0].pid, signal.SIGKILL)
        reading = await read(pool, str(clips.jpeg))
        assert reading.states[-1].final


async def test_a_worker_that_hangs_is_replaced(clips: Clips, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.process._HANG_TIMEOUT_S", 1.5)
    async with a_pool() as pool:
        source = await pool.pull(parse(str(clips.ts)), replace(trusted(), paced=True, loop=True))
        os.kill(pool.workers[0].pid, signal.SIGSTOP)
        assert (await drain(source)).code == "worker_lost"
        assert (await read(pool, str(clips.jpeg))).states[-1] is State.ENDED


async def test_workers_that_are_started_killed_and_stopped_leave_nothing(
    clips: Clips, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream.process._HANG_TIMEOUT_S", 1.5)
    live = replace(trusted(), paced=True, loop=True)
    async with a_pool() as pool:  # what is made once, a child watcher for one, is made now
        await read(pool, str(clips.jpeg))
    await asyncio.sleep(0)  # the closed pool's last tasks are let go of
    before = _held()
    async with a_pool(workers=2) as pool:
        for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGKILL):
            source = await pool.pull(parse(str(clips.ts)), live)
            (worker,) = [worker for worker in pool.workers if worker.sources]
            os.kill(worker.pid, number)
            assert (await drain(source)).code == "worker_lost"
            await pool.wait_ready()
            del source
        assert pool.restarts == 3
    await asyncio.sleep(0)
    assert _held() == before


def _held() -> tuple[int, set[int], set[Path]]:
    """Descriptors, children (zombies too) and segments of shared memory."""
    gc.collect()  # a ring stays mapped until the last view on it is gone
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    listings = [path.read_text() for path in Path("/proc/self/task").glob("*/children")]
    children = {int(child) for listing in listings for child in listing.split()}
    return descriptors, children, set(Path("/dev/shm").iterdir())


async def test_a_worker_that_grows_past_its_limit_is_replaced(clips: Clips, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.pool._MEMORY_EVERY_S", 0.1)
    limits = WorkerLimits(memory_bytes=1)  # less than any has
    async with WorkerPool(1, width_px=64, height_px=64, limits=limits) as pool:
        live = replace(trusted(), paced=True, loop=True)
        for _ in range(2):
            assert (await drain(await pool.pull(parse(str(clips.ts)), live))).code == "worker_replaced"
        assert pool.restarts > 0


async def test_a_worker_takes_no_more_sources_than_it_may_have(clips: Clips) -> None:
    live = replace(trusted(), paced=True, loop=True)
    async with WorkerPool(1, width_px=64, height_px=64, limits=WorkerLimits(sources=2)) as pool:
        first, _ = [await pool.pull(parse(str(clips.ts)), live) for _ in range(2)]
        with pytest.raises(Overloaded):
            await pool.pull(parse(str(clips.ts)), live)
        await first.aclose()
        assert (await read(pool, str(clips.jpeg))).states[-1] is State.ENDED


async def test_a_worker_may_open_as_many_files_as_its_sources_need() -> None:
    async with WorkerPool(1, width_px=64, height_px=64, limits=WorkerLimits(sources=10)) as pool:
        limits = await asyncio.to_thread(Path(f"/proc/{pool.workers[0].pid}/limits").read_text)
    (files,) = [line.split()[3] for line in limits.splitlines() if line.startswith("Max open files")]
    assert files == str(256 + 16 * 10)


async def test_a_worker_that_names_a_slot_that_is_not_there_is_replaced(clips: Clips) -> None:
    async with a_pool() as pool:
        source = await pool.pull(parse(str(clips.ts)), replace(trusted(), paced=True, loop=True))
        seat = pool._seats[0]
        assert seat.process is not None
        stray = Picked(source=source.number, slot=9999, number=0, position_s=0.0, captured_s=0.0, epoch=0)
        seat.process._reader.feed_data(frame(REPORTS.dump_json(stray)))
        assert (await drain(source)).code == "worker_lost"
        assert (await read(pool, str(clips.jpeg))).states[-1] is State.ENDED


async def test_a_worker_is_told_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GOREWATCH_TOKEN", "RAY_AUTH_TOKEN"):
        monkeypatch.setenv(name, "not-for-workers")
    async with a_pool() as pool:
        environment = await asyncio.to_thread(Path(f"/proc/{pool.workers[0].pid}/environ").read_bytes)
    assert b"not-for-workers" not in environment
    assert b"GOREWATCH_" not in environment
    assert b"RAY_" not in environment
