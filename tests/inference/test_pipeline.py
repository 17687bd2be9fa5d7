import asyncio
from collections.abc import AsyncIterator

import pytest

from inference.events import (
    Event,
    GoreIncident,
    GoreProb,
    MediaFailed,
    MediaFinished,
    MediaStarted,
)
from inference.pipeline import Tally, run
from inference.scorer import SampleDropped, Scorer, ScoringFailed
from stream.errors import ConnectionLost, Failure
from stream.sample import Sample, SourceInfo, State, Status
from tests.inference.fakes import ENDED, FakeModel, ManualLane, ScriptedSource, sample, turns
from tests.inference.moderating import INFO, LIVE, LIVE_INFO, LOST, NOW_S, judge, moderate, samples, terminal


@pytest.fixture(autouse=True)
async def _no_task_is_left() -> AsyncIterator[None]:
    yield
    assert [task.get_name() for task in asyncio.all_tasks() if "pipeline" in task.get_name()] == []


async def test_a_media_goes_from_its_first_frame_to_its_summary() -> None:
    source = ScriptedSource([LIVE, *samples([0.0, 0.0, 1.0, 1.0, 1.0]), ENDED])
    events: list[Event] = []
    async with Scorer(FakeModel()) as scorer:
        summary = await run(source, scorer.lane(), judge(), events.append, now_unix_s=lambda: NOW_S)
    assert events[0] == MediaStarted(INFO)
    assert [event.reading.position_s for event in events if isinstance(event, GoreProb)] == [0.0, 1.0, 1.5, 2.0]
    assert [event.state for event in events if isinstance(event, GoreIncident)] == ["started", "ended"]
    assert terminal(events) == MediaFinished(summary)
    assert (summary.operations, summary.timestamp_s, summary.failure) == (5, NOW_S, None)
    assert summary.prob == pytest.approx(1.125 / (2.5 - 2.5**2 / 6))
    assert source.clean
    assert source.closings == 1


async def test_the_judge_hears_scores_in_order_however_they_come() -> None:
    source, lane, events = ScriptedSource([LIVE, *samples([0.0] * 4), ENDED]), ManualLane(), list[Event]()
    running = asyncio.create_task(moderate(source, lane, events))
    await turns()
    for number in (3, 1, 2):
        lane.futures[number].set_result(number / 10)
    await turns()
    assert [type(event) for event in events] == [MediaStarted]
    assert source.released == []
    lane.futures[0].set_result(0.0)
    await running
    probs = [event.reading for event in events if isinstance(event, GoreProb)]
    assert [(reading.position_s, reading.raw) for reading in probs] == [(0.0, 0.0), (1.0, 0.2), (1.5, 0.3)]
    assert source.released == [0, 1, 2, 3]


async def test_scores_that_are_there_at_once_do_not_overtake_one_that_is_not() -> None:
    class Elsewhere(ManualLane):
        """All but the third are scored already."""

        def submit(self, sample: Sample, *, live: bool) -> asyncio.Future[float]:
            future = super().submit(sample, live=live)
            if sample.number != 2:
                future.set_result(sample.number / 10)
            return future

    source, lane, events = ScriptedSource([LIVE, *samples([0.0] * 5), ENDED]), Elsewhere(), list[Event]()
    running = asyncio.create_task(moderate(source, lane, events))
    await turns()
    assert source.released == [0, 1]
    lane.futures[2].set_result(0.2)
    await running
    assert source.released == [0, 1, 2, 3, 4]
    assert [event.reading.raw for event in events if isinstance(event, GoreProb)] == [0.0, 0.2, 0.4]


async def test_only_so_many_samples_are_in_flight_and_each_is_released_when_scored() -> None:
    source, lane, events = ScriptedSource([LIVE, *samples([0.0] * 10), ENDED]), ManualLane(), list[Event]()
    running = asyncio.create_task(moderate(source, lane, events, in_flight=3))
    for number in range(10):
        await turns()
        assert len(source.yielded) == min(number + 3, 10)
        assert source.released == list(range(number))
        lane.futures[number].set_result(0.1)
    await running
    assert source.clean


@pytest.mark.parametrize("info", [INFO, LIVE_INFO])
async def test_the_lane_is_told_whether_the_source_is_live(info: SourceInfo) -> None:
    source = ScriptedSource(
        [Status(State.LIVE, info=info), *samples([0.0]), Status(State.LIVE), *samples([0.0])[:0], ENDED]
    )
    lane = ManualLane([0.1])
    await moderate(source, lane, [])
    assert lane.live == [info.live]
    assert lane.closed


async def test_a_dropped_sample_is_counted_and_passed_over() -> None:
    source = ScriptedSource([LIVE, *samples([0.0] * 4), ENDED])
    lane = ManualLane([0.1, SampleDropped("newer"), SampleDropped("newer"), 0.2])
    events: list[Event] = []
    tally = Tally()
    summary = await moderate(source, lane, events, tally=tally)
    assert (tally.scored, tally.failed, tally.dropped) == (2, 0, {"newer": 2})
    assert summary.operations == 2
    assert isinstance(terminal(events), MediaFinished)
    assert source.clean


async def test_scoring_that_fails_three_times_in_a_row_ends_the_media_as_failed() -> None:
    source = ScriptedSource([LIVE, *samples([0.0] * 9)], open_end=True)
    broken = ScoringFailed("CUDA error 700")
    lane = ManualLane([0.1, broken, broken, 0.1, broken, SampleDropped("newer"), broken, broken])
    events: list[Event] = []
    tally = Tally()
    summary = await moderate(source, lane, events, tally=tally)
    end = terminal(events)
    assert isinstance(end, MediaFailed)
    assert end.failure.code == "scoring_failed"
    assert "CUDA" not in end.failure.message
    assert (summary.operations, summary.prob) == (2, 0.1)
    assert (tally.scored, tally.failed) == (2, 5)
    assert source.clean
    assert lane.futures[-1].cancelled()


async def test_scoring_that_never_works_leaves_no_probability() -> None:
    source = ScriptedSource([LIVE, *samples([0.0] * 3), ENDED])
    summary = await moderate(source, ManualLane([ScoringFailed("no")] * 3), [])
    assert summary.prob is None
    assert summary.failure is not None
    assert summary.failure.code == "scoring_failed"


async def test_a_source_that_fails_ends_the_media_as_failed_with_what_was_scored() -> None:
    source = ScriptedSource([LIVE, *samples([0.2]), Status(State.FAILED, failure=LOST)])
    events: list[Event] = []
    summary = await moderate(source, ManualLane([0.2]), events)
    assert terminal(events) == MediaFailed(LOST, summary)
    assert (summary.prob, summary.failure) == (0.2, None)


async def test_a_source_that_never_opens_has_a_failure_for_a_summary() -> None:
    refused = Failure("connection_refused", "Nobody listens there.", retryable=True)
    events: list[Event] = []
    summary = await moderate(ScriptedSource([Status(State.FAILED, failure=refused)]), ManualLane(), events)
    assert (summary.prob, summary.failure) == (None, refused)
    assert [type(event) for event in events] == [MediaFailed]


async def test_a_source_error_that_is_raised_counts_as_a_failure_after_what_came_before_it() -> None:
    source = ScriptedSource([LIVE, *samples([0.2, 0.2]), ConnectionLost("It broke.")])
    events: list[Event] = []
    summary = await moderate(source, ManualLane([0.2, 0.2]), events)
    assert terminal(events) == MediaFailed(LOST, summary)
    assert summary.operations == 2
    assert source.clean


async def test_a_defect_ends_the_media_as_failed_and_is_raised() -> None:
    source = ScriptedSource([LIVE, *samples([0.2] * 3), ZeroDivisionError("ours")])
    events: list[Event] = []
    with pytest.raises(ZeroDivisionError):
        await moderate(source, ManualLane([0.2] * 3), events)
    end = terminal(events)
    assert isinstance(end, MediaFailed)
    assert end.failure.code == "internal"
    assert source.clean


async def test_a_subscriber_that_raises_does_not_keep_the_samples() -> None:
    source = ScriptedSource([LIVE, *samples([0.2] * 5)], open_end=True)

    def publish(event: Event) -> None:
        if isinstance(event, GoreProb):
            raise RuntimeError("no subscriber may do this")

    with pytest.raises(RuntimeError, match="no subscriber"):
        await run(source, ManualLane([0.2]), judge(), publish)
    assert source.clean


async def test_a_lane_that_refuses_does_not_keep_the_sample() -> None:
    source = ScriptedSource([LIVE, *samples([0.2])], open_end=True)
    with pytest.raises(RuntimeError, match="not started"):
        await run(source, Scorer(FakeModel()).lane(), judge(), lambda _: None)
    assert source.clean


async def test_statuses_are_heard_between_the_samples_that_they_came_between() -> None:
    first, second = samples([0.0, 0.0])
    source = ScriptedSource([LIVE, first, Status(State.STALLED, reason="silence"), LIVE, second, ENDED])
    lane, events = ManualLane(), list[Event]()
    running = asyncio.create_task(moderate(source, lane, events))
    await turns()
    lane.futures[1].set_result(0.1)
    await turns()
    assert [type(event).__name__ for event in events] == ["MediaStarted"]
    lane.futures[0].set_result(0.1)
    await running
    assert [type(event).__name__ for event in events] == [
        "MediaStarted",
        "GoreProb",
        "MediaStalled",
        "MediaResumed",
        "GoreProb",
        "MediaFinished",
    ]


async def test_many_media_share_one_scorer() -> None:
    sources = [ScriptedSource([LIVE, *samples([number / 20] * 50), ENDED]) for number in range(20)]
    async with Scorer(FakeModel(), max_batch=8, threads=2) as scorer:
        runs = [run(source, scorer.lane(), judge(), lambda _: None) for source in sources]
        summaries = await asyncio.gather(*runs)
    assert [summary.operations for summary in summaries] == [50] * 20
    assert [summary.prob for summary in summaries] == [pytest.approx(n / 20, abs=0.003) for n in range(20)]
    assert all(source.clean for source in sources)


async def test_the_source_is_told_to_hurry_while_prob_rises_and_not_for_every_sample() -> None:
    quiet, rising, over = [0.0] * 6, [0.6] * 4, [1.0] * 4
    raws = [*quiet, *rising, *over]
    source = ScriptedSource([LIVE, *(sample(raw, number=n, step_s=0.2) for n, raw in enumerate(raws)), ENDED])
    async with Scorer(FakeModel()) as scorer:
        await run(source, scorer.lane(), judge(), list[Event]().append, now_unix_s=lambda: NOW_S)
    assert [for_s for _, for_s in source.hurries] == [1.0, 1.0]
    assert source.hurries[0][0] == len(quiet) + 1


async def test_a_source_that_shows_nothing_is_left_in_peace() -> None:
    source = ScriptedSource([LIVE, *samples([0.0, 0.3, 0.1, 0.3, 0.2]), ENDED])
    async with Scorer(FakeModel()) as scorer:
        await run(source, scorer.lane(), judge(), list[Event]().append, now_unix_s=lambda: NOW_S)
    assert source.hurries == []
