"""How moderation ends: cancelled, closed, or left behind by its source."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from inference.events import (
    Event,
    GoreIncident,
    MediaFinished,
)
from inference.pipeline import run
from tests.inference.fakes import ENDED, ManualLane, ScriptedSource, turns
from tests.inference.moderating import LIVE, judge, moderate, samples, terminal


@pytest.fixture(autouse=True)
async def _no_task_is_left() -> AsyncIterator[None]:
    yield
    assert [task.get_name() for task in asyncio.all_tasks() if "pipeline" in task.get_name()] == []


async def test_cancelling_closes_the_source_releases_everything_and_finishes() -> None:
    source, lane, events = ScriptedSource([LIVE, *samples([0.0] * 20)], open_end=True), ManualLane([0.9]), list[Event]()
    running = asyncio.create_task(moderate(source, lane, events, in_flight=4))
    await turns()
    assert len(source.yielded) == 5
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    end = terminal(events)
    assert isinstance(end, MediaFinished)
    assert (end.summary.operations, end.summary.prob) == (1, 0.9)
    assert [event.state for event in events if isinstance(event, GoreIncident)] == ["started", "ended"]
    assert source.clean
    assert lane.closed
    assert all(future.done() for future in lane.futures)


async def test_cancelling_while_the_source_is_silent_works_too() -> None:
    source, lane, events = ScriptedSource([LIVE, *samples([0.1])], open_end=True), ManualLane([0.1]), list[Event]()
    running = asyncio.create_task(moderate(source, lane, events))
    await source.silent.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert isinstance(terminal(events), MediaFinished)
    assert source.clean


async def test_an_impatient_second_cancellation_does_not_cut_the_clean_up_short() -> None:
    source, lane, events = ScriptedSource([LIVE, *samples([0.1] * 6)], open_end=True), ManualLane([0.1]), list[Event]()
    running = asyncio.create_task(moderate(source, lane, events))
    await turns()
    for _ in range(8):
        running.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await running
    assert isinstance(terminal(events), MediaFinished)
    assert source.clean


async def test_closing_the_source_is_the_way_to_end_a_media_and_get_its_summary() -> None:
    source, lane, events = ScriptedSource([LIVE, *samples([0.1])], open_end=True), ManualLane([0.1]), list[Event]()
    running = asyncio.create_task(moderate(source, lane, events))
    await source.silent.wait()
    await source.aclose()
    summary = await running
    assert terminal(events) == MediaFinished(summary)
    assert summary.operations == 1


async def test_a_source_that_does_not_close_is_left_behind(caplog: pytest.LogCaptureFixture) -> None:
    source = ScriptedSource([LIVE, *samples([0.1]), ENDED])
    source.close_hangs = True
    events: list[Event] = []
    await run(source, ManualLane([0.1]), judge(), events.append, close_within_s=0.01)
    assert isinstance(terminal(events), MediaFinished)
    assert "did not close" in caplog.text


async def test_a_source_that_fails_to_close_does_not_spoil_the_result(caplog: pytest.LogCaptureFixture) -> None:
    source = ScriptedSource([LIVE, *samples([0.1]), ENDED])
    source.close_raises = True
    assert (await moderate(source, ManualLane([0.1]), [])).prob == 0.1
    assert "the worker is gone" in caplog.text
