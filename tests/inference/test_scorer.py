import asyncio
import gc
import random
import threading
import weakref

import pytest

from inference.scorer import SampleDropped, Scorer, ScoringFailed
from tests.inference.fakes import FakeModel, sample


async def threads_ended() -> None:
    """Wait for the threads that a scorer left behind."""
    for thread in threading.enumerate():
        if thread.name.startswith("gorewatch-scorer"):
            await asyncio.to_thread(thread.join, 10)
    assert scorer_threads() == []


async def entered(model: FakeModel) -> None:
    """Wait until one more batch is with the model."""
    assert await asyncio.to_thread(model.entered.acquire, timeout=10)


def scorer_threads() -> list[str]:
    return sorted(thread.name for thread in threading.enumerate() if thread.name.startswith("gorewatch-scorer"))


async def outcome(future: asyncio.Future[float]) -> float | str:
    """The score, or the reason that there is none."""
    async with asyncio.timeout(10):
        try:
            return round(await future, 2)
        except SampleDropped as drop:
            return drop.reason
        except ScoringFailed as error:
            return str(error)


async def test_samples_are_scored_by_named_threads_that_end_with_it() -> None:
    model = FakeModel()
    async with Scorer(model, threads=2) as scorer:
        assert scorer_threads() == ["gorewatch-scorer-0", "gorewatch-scorer-1"]
        lane = scorer.lane()
        futures = [lane.submit(sample(number / 10), live=False) for number in range(10)]
        assert [await outcome(future) for future in futures] == [pytest.approx(n / 10, abs=0.01) for n in range(10)]
        assert model.threads <= {"gorewatch-scorer-0", "gorewatch-scorer-1"}
    assert scorer_threads() == []


async def test_a_batch_may_be_asked_for_scores_and_for_where_it_is_seen() -> None:
    model = FakeModel()
    model.gate.clear()
    async with Scorer(model, max_batch=4) as scorer:
        lane = scorer.lane()
        first = lane.submit(sample(0.1), live=True)
        await entered(model)
        pictures = [sample(0.2), sample(0.4)]
        scores = [lane.submit(picture, live=True) for picture in pictures]
        heats = [lane.heat(picture.pixels) for picture in pictures]
        model.gate.set()
        await first
        assert [await outcome(score) for score in scores] == [0.2, 0.4]
        assert [round((await heat).prob, 2) for heat in heats] == [0.2, 0.4]
        lane.close()
        with pytest.raises(SampleDropped, match="closed"):
            await lane.heat(sample(0.5).pixels)


@pytest.mark.parametrize("threads", [1, 3])
async def test_every_thread_that_scores_has_warmed_the_model_up_itself(threads: int) -> None:
    model = FakeModel()
    async with Scorer(model, threads=threads):
        assert sorted(model.warmed_in) == scorer_threads()
    assert len(model.warmed_in) == threads


async def test_a_model_that_cannot_be_warmed_up_is_an_error_before_anything_is_scored() -> None:
    with pytest.raises(MemoryError, match="no room on the card"):
        async with Scorer(FakeModel(fails_to_warm=True), threads=2):
            raise AssertionError("it was ready")
    assert scorer_threads() == []


async def test_what_comes_while_the_model_works_becomes_the_next_batch() -> None:
    model = FakeModel()
    model.gate.clear()
    async with Scorer(model, max_batch=4) as scorer:
        lane = scorer.lane()
        futures = [lane.submit(sample(number / 255), live=False) for number in range(6)]
        await entered(model)
        assert (scorer.stats().in_flight, scorer.stats().waiting) == (1, 5)
        model.gate.set()
        await asyncio.gather(*futures)
    assert model.batches == [[0], [1, 2, 3, 4], [5]]
    stats = scorer.stats()
    assert (stats.batches, stats.samples, stats.in_flight) == (3, 6, 0)
    assert (stats.batch_sizes.count, stats.batch_sizes.total, stats.batch_sizes.at_most[:3]) == (3, 6.0, (2, 2, 3))
    assert stats.latency_s.count == 6


async def test_a_batch_waits_for_company_until_its_oldest_is_old_enough() -> None:
    now_s = 0.0
    model = FakeModel()
    async with Scorer(model, max_batch=2, max_wait_s=0.01, clock=lambda: now_s) as scorer:
        lane = scorer.lane()
        first = lane.submit(sample(), live=False)
        assert scorer.stats().waiting == 1
        second = lane.submit(sample(), live=False)
        assert (scorer.stats().waiting, scorer.stats().in_flight) == (0, 2)
        await asyncio.gather(first, second)
        alone = lane.submit(sample(), live=False)
        assert scorer.stats().waiting == 1
        now_s = 0.01
        await alone
    assert [len(batch) for batch in model.batches] == [2, 1]
    assert scorer.stats().latency_s.total == pytest.approx(0.01)


async def test_under_overload_a_live_stream_keeps_its_newest() -> None:
    model = FakeModel()
    model.gate.clear()
    async with Scorer(model, max_batch=4) as scorer:
        lane, scan = scorer.lane(), scorer.lane()
        first = lane.submit(sample(), live=True)
        await entered(model)
        waiting = [lane.submit(sample(number / 10), live=True) for number in range(5)]
        stored = [scan.submit(sample(1.0), live=False) for _ in range(20)]
        assert [await outcome(future) for future in waiting[:3]] == ["newer"] * 3
        model.gate.set()
        assert [await outcome(future) for future in waiting[3:]] == [pytest.approx(0.3, abs=0.01), 0.4]
        assert {await outcome(future) for future in stored} == {1.0}
        assert await outcome(first) == 0.0
    assert scorer.stats().dropped == {"newer": 3}


async def test_a_model_that_fails_fails_its_batch_and_the_next_one_is_scored(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def first_breaks(batch: int) -> None:
        if batch == 1:
            raise MemoryError("no room")

    async with Scorer(FakeModel(first_breaks)) as scorer:
        lane = scorer.lane()
        assert await outcome(lane.submit(sample(), live=False)) == "MemoryError: no room"
        assert scorer.stats().last_error == "MemoryError: no room"
        assert await outcome(lane.submit(sample(1.0), live=False)) == 1.0
    assert (scorer.stats().failed, scorer.stats().samples, scorer.stats().batches) == (1, 1, 2)
    assert "no room" in caplog.text


async def test_a_cancelled_sample_is_not_scored() -> None:
    model = FakeModel()
    model.gate.clear()
    async with Scorer(model, max_batch=4) as scorer:
        lane = scorer.lane()
        with_model = lane.submit(sample(), live=False)
        await entered(model)
        waiting = lane.submit(sample(0.5), live=False)
        other = lane.submit(sample(1.0), live=False)
        with_model.cancel()
        waiting.cancel()
        model.gate.set()
        assert await other == 1.0
    assert model.batches == [[0], [255]]
    assert scorer.stats().dropped == {"cancelled": 2}
    assert scorer.stats().samples == 1


async def test_a_closed_lane_gives_up_what_waits_and_takes_nothing_more() -> None:
    model = FakeModel()
    model.gate.clear()
    async with Scorer(model) as scorer:
        lane, other = scorer.lane(), scorer.lane()
        with_model = lane.submit(sample(1.0), live=False)
        await entered(model)
        waiting = [lane.submit(sample(), live=False) for _ in range(3)]
        neighbour = other.submit(sample(1.0), live=False)
        lane.close()
        lane.close()
        assert [await outcome(future) for future in waiting] == ["closed"] * 3
        assert await outcome(lane.submit(sample(), live=True)) == "closed"
        model.gate.set()
        assert await outcome(with_model) == 1.0
        assert await outcome(neighbour) == 1.0
    assert scorer.stats().dropped == {"closed": 4}


async def test_closing_scores_what_waits_without_waiting_for_company() -> None:
    async with Scorer(FakeModel(), max_batch=64, max_wait_s=3600) as scorer:
        lane = scorer.lane()
        futures = [lane.submit(sample(1.0), live=False) for _ in range(5)]
        await scorer.aclose()
        assert [future.result() for future in futures] == [1.0] * 5
        assert await outcome(lane.submit(sample(), live=False)) == "shutdown"
        await scorer.aclose()


async def test_closing_gives_up_at_its_deadline_and_resolves_every_future(caplog: pytest.LogCaptureFixture) -> None:
    model = FakeModel()
    model.gate.clear()
    scorer = Scorer(model)
    scorer.start()
    lane = scorer.lane()
    futures = [lane.submit(sample(), live=False) for _ in range(3)]
    await entered(model)
    await scorer.aclose(deadline_s=0.01)
    assert [await outcome(future) for future in futures] == ["shutdown"] * 3
    assert "did not finish" in caplog.text
    model.gate.set()
    await threads_ended()
    assert scorer.stats().dropped == {"shutdown": 3}
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    assert (scorer.stats().samples, scorer.stats().in_flight) == (0, 0)


async def test_a_cancelled_close_still_resolves_every_future() -> None:
    model = FakeModel()
    model.gate.clear()
    scorer = Scorer(model)
    scorer.start()
    future = scorer.lane().submit(sample(), live=False)
    await entered(model)
    closing = asyncio.create_task(scorer.aclose(deadline_s=60))
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert await outcome(future) == "shutdown"
    model.gate.set()
    await threads_ended()


async def test_it_starts_once_and_scores_nothing_before() -> None:
    scorer = Scorer(FakeModel())
    with pytest.raises(RuntimeError, match="not started"):
        scorer.lane().submit(sample(), live=False)
    async with scorer:
        with pytest.raises(RuntimeError, match="started before"):
            scorer.start()
    with pytest.raises(ValueError, match="thread"):
        Scorer(FakeModel(), threads=0)


async def test_closing_what_was_never_started_does_nothing() -> None:
    await Scorer(FakeModel()).aclose()


async def test_pixels_are_let_go_once_scored() -> None:
    async with Scorer(FakeModel()) as scorer:
        shown = sample()
        seen = weakref.ref(shown.pixels)
        await scorer.lane().submit(shown, live=False)
        del shown
        gc.collect()
        assert seen() is None


@pytest.mark.parametrize("threads", [1, 3])
async def test_every_sample_is_accounted_for_exactly_once(threads: int) -> None:
    rng = random.Random(threads)

    def sometimes(_batch: int) -> None:
        if rng.random() < 0.1:
            raise RuntimeError("broken")

    outcomes: list[float | str] = []
    submitted = cancelled = 0
    async with Scorer(FakeModel(sometimes), threads=threads, max_batch=3, intake_size=5) as scorer:
        lanes = [scorer.lane() for _ in range(6)]
        futures: list[asyncio.Future[float]] = []
        for _ in range(1500):
            number = rng.randrange(6)
            futures.append(lanes[number].submit(sample(rng.random()), live=number > 1))
            submitted += 1
            if rng.random() < 0.1:
                cancelled += futures[rng.randrange(len(futures))].cancel()
            if rng.random() < 0.05:
                lanes[number].close()
                lanes[number] = scorer.lane()
            if rng.random() < 0.2:
                await asyncio.sleep(0.0002)
    assert all(future.done() for future in futures)
    outcomes = [await outcome(future) for future in futures if not future.cancelled()]
    stats = scorer.stats()
    assert stats.samples == sum(isinstance(one, float) for one in outcomes) > 0
    assert stats.failed == outcomes.count("RuntimeError: broken")
    assert stats.dropped.get("newer", 0) == outcomes.count("newer")
    assert stats.dropped.get("closed", 0) == outcomes.count("closed")
    assert stats.dropped.get("cancelled", 0) == cancelled
    assert stats.samples + stats.failed + sum(stats.dropped.values()) == submitted
    assert (stats.waiting, stats.in_flight) == (0, 0)
