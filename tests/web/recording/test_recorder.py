"""Scores on their way to the store: taken at once, written in blocks, given up oldest first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.until import until
from tests.web.store.test_blocks import wave
from web.recording.recorder import Recorder
from web.store import scores
from web.store.blocks import MOST_SAMPLES, Judged
from web.store.errors import StoreError
from web.store.store import Store, open_store


async def kept(store: Store, media_id: str = "med_a") -> list[Judged]:
    async with store.reading() as tx:
        return await scores.read(tx, media_id)


async def blocks(store: Store) -> int:
    async with store.reading() as tx:
        return await scores.count(tx)


def give(recorder: Recorder, samples: list[Judged], media_id: str = "med_a") -> None:
    for sample in samples:
        recorder.add(media_id, sample)


async def test_what_was_taken_is_written_whole(store: Store) -> None:
    recorder = Recorder(store)
    samples = wave(2 * MOST_SAMPLES + 9)
    for at in range(0, len(samples), 50):
        give(recorder, samples[at : at + 50])
        await recorder.flush()
        assert await kept(store) == samples[: at + 50]
    assert await blocks(store) == 3
    assert (recorder.written, recorder.waiting, recorder.dropped) == (len(samples), 0, 0)


async def test_many_media_are_written_in_one_transaction(store: Store) -> None:
    recorder = Recorder(store)
    samples = wave(5)
    for number in range(300):
        give(recorder, samples, f"med_{number}")
    await recorder.flush()
    assert await blocks(store) == 300
    assert await kept(store, "med_299") == samples


async def test_samples_that_come_while_it_writes_are_written_next(store: Store) -> None:
    recorder = Recorder(store)
    samples = wave(100)
    give(recorder, samples[:60])
    async with store.writing():
        flushing = asyncio.create_task(recorder.flush())
        for _ in range(3):
            await asyncio.sleep(0)
        give(recorder, samples[60:])
    await flushing
    await recorder.flush()
    assert await kept(store) == samples


async def test_a_media_that_ended_is_written_at_once_and_forgotten(store: Store) -> None:
    recorder = Recorder(store, every_s=3600.0)
    task = asyncio.create_task(recorder.run())
    try:
        samples = wave(5)
        give(recorder, samples)
        recorder.end("med_a")
        recorder.end("med_a")
        recorder.end("med_nobody")
        await until(lambda: recorder.written == 5)
        assert await kept(store) == samples
        give(recorder, wave(3, start_s=100.0), "med_a")
        await recorder.flush()
        assert await blocks(store) == 2
    finally:
        task.cancel()
        await asyncio.wait({task})


MIDNIGHT_S = 20_786 * 86_400.0


async def test_a_block_that_goes_on_after_midnight_stays_one(store: Store) -> None:
    clock = iter((MIDNIGHT_S - 2.0, MIDNIGHT_S, MIDNIGHT_S + 2.0, MIDNIGHT_S + 4.0))
    recorder = Recorder(store, clock=lambda: next(clock))
    samples = wave(MOST_SAMPLES + 90)
    for first, last in ((0, 100), (100, 200), (200, MOST_SAMPLES + 40), (MOST_SAMPLES + 40, MOST_SAMPLES + 90)):
        give(recorder, samples[first:last])
        await recorder.flush()
    assert await blocks(store) == 2
    assert await kept(store) == samples
    async with store.reading() as tx:
        found = await scores.page(tx, "med_a", after_s=None, limit=9)
    assert [block.day for block in found] == [20_785, 20_786]


async def test_what_was_perhaps_written_before_midnight_is_not_doubled_after_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter((MIDNIGHT_S - 4.0, MIDNIGHT_S - 2.0, MIDNIGHT_S))
    recorder = Recorder(store, clock=lambda: next(clock))
    samples = wave(MOST_SAMPLES + 30)
    give(recorder, samples[:20])
    await recorder.flush()
    writing = store.writing

    @asynccontextmanager
    async def cut_off() -> AsyncIterator[AsyncConnection]:
        async with writing() as tx:
            yield tx
        raise StoreError("The connection was lost.")

    monkeypatch.setattr(store, "writing", cut_off)
    give(recorder, samples[20:])
    with pytest.raises(StoreError, match="lost"):
        await recorder.flush()
    monkeypatch.undo()
    await recorder.flush()
    assert await blocks(store) == 2
    assert await kept(store) == samples


async def test_every_few_seconds_is_often_enough(store: Store) -> None:
    recorder = Recorder(store, every_s=0.01)
    task = asyncio.create_task(recorder.run())
    try:
        give(recorder, wave(5))
        await until(lambda: recorder.written == 5)
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_the_oldest_give_way_while_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("web.store.sqlite._BUSY_TIMEOUT_MS", 10)
    caplog.set_level("INFO", "gorewatch.recording")
    address = f"sqlite:///{tmp_path}/a.db"
    async with open_store(address) as store, AsyncExitStack() as locked:
        recorder = Recorder(store, most_samples=40, every_s=0.01)
        samples = wave(200)
        give(recorder, samples[:20])
        await recorder.flush()
        other = await locked.enter_async_context(open_store(address))
        await locked.enter_async_context(other.writing())
        give(recorder, samples[20:30])
        with pytest.raises(StoreError, match="kept locked"):
            await recorder.flush()
        task = asyncio.create_task(recorder.run())
        give(recorder, samples[30:100])
        recorder.end("med_b")
        await until(lambda: recorder.failing)
        assert (recorder.waiting, recorder.dropped) == (40, 40)
        await locked.aclose()
        await until(lambda: not recorder.failing)
        task.cancel()
        await asyncio.wait({task})
        assert await kept(store) == samples[:20] + samples[60:100]
    said = [record.getMessage() for record in caplog.records if record.name == "gorewatch.recording"]
    assert len(said) == 2
    assert said[0].startswith("scores are not kept for now: The store")
    assert said[1] == "scores are kept again; 40 were given up so far"


async def test_of_many_that_ended_the_oldest_give_way(store: Store) -> None:
    recorder = Recorder(store, most_ended=3)
    for number in range(5):
        give(recorder, wave(2), f"med_{number}")
        recorder.end(f"med_{number}")
    assert (recorder.waiting, recorder.dropped) == (6, 4)
    await recorder.flush()
    assert [len(await kept(store, f"med_{number}")) for number in range(5)] == [0, 0, 2, 2, 2]


async def test_a_write_that_is_cancelled_loses_nothing(store: Store) -> None:
    recorder = Recorder(store)
    samples = wave(30)
    give(recorder, samples)
    async with store.writing():
        flushing = asyncio.create_task(recorder.flush())
        for _ in range(3):
            await asyncio.sleep(0)
        flushing.cancel()
        await asyncio.wait({flushing})
        assert recorder.waiting == 30
    await recorder.flush()
    assert await kept(store) == samples


async def test_closing_writes_what_waits(store: Store) -> None:
    samples = wave(30)
    recorder = Recorder(store)
    give(recorder, samples)
    await recorder.aclose()
    assert await kept(store) == samples
    assert recorder.waiting == 0


async def test_closing_waits_no_longer_than_it_may_and_counts_what_is_left(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = Recorder(store)
    give(recorder, wave(30))
    async with store.writing():
        await recorder.aclose(timeout_s=0.02)
    assert (recorder.dropped, recorder.waiting) == (30, 0)
    assert "30 scores could not be kept: the store takes more than 0.02 s" in caplog.text
