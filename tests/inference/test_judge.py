import itertools
import random
from collections.abc import Sequence

import pytest

from inference.events import (
    Event,
    GoreIncident,
    GoreProb,
    IncidentState,
    MediaFailed,
    MediaFinished,
    MediaResumed,
    MediaStalled,
    MediaStarted,
)
from inference.judge import Judge, Scored
from inference.policy import Policy
from inference.summary import MediaRef, Summary
from stream.errors import Failure
from stream.sample import SourceInfo, State, Status

MEDIA = MediaRef("req_1", "med_1", "clip.mp4")
INFO = SourceInfo("h264", 1280, 720, 30.0, live=True)
LOST = Failure("connection_lost", "The stream broke.", retryable=True)
TINY = 0.001


def judge(policy: Policy | None = None) -> Judge:
    numbers = itertools.count(1)
    return Judge(policy or Policy(), MEDIA, lambda: f"inc_{next(numbers)}")


def unsmoothed(cooldown: float = 2.0) -> Policy:
    """A window so short that prob is the raw score."""
    return Policy(window=TINY, cooldown=cooldown)


def feed(of: Judge, raws: Sequence[float], *, start_s: float = 0.0, step_s: float = 0.5) -> list[list[Event]]:
    """The events at each sample."""
    return [of.feed(Scored(start_s + number * step_s, 100.0 + number, 0, raw)) for number, raw in enumerate(raws)]


def kinds(events: Sequence[Event]) -> list[str]:
    return [f"incident {event.state}" if isinstance(event, GoreIncident) else type(event).__name__ for event in events]


def told_at(events: Sequence[Sequence[Event]]) -> list[float]:
    return [event.reading.position_s for some in events for event in some if isinstance(event, GoreProb)]


def test_media_starts_once_at_the_first_live_status_that_knows_the_source() -> None:
    of = judge()
    assert of.feed(Status(State.CONNECTING)) == []
    assert of.feed(Status(State.LIVE)) == []
    assert of.feed(Status(State.LIVE, info=INFO)) == [MediaStarted(INFO)]
    assert of.feed(Status(State.LIVE, info=INFO)) == []


def test_prob_is_told_on_a_grid_of_media_time_from_the_first_sample_on() -> None:
    assert told_at(feed(judge(), [0.1] * 9)) == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert told_at(feed(judge(Policy(event_interval=2.5)), [0.1] * 12)) == [0.0, 2.5, 5.0]
    assert told_at(feed(judge(), [0.1] * 4, step_s=10.0)) == [0.0, 10.0, 20.0, 30.0]


def test_a_reading_carries_what_it_was_made_of() -> None:
    of = judge(Policy(window=3.0))
    events = feed(of, [0.0] * 6 + [0.9])[-1]
    assert isinstance(events[0], GoreProb)
    reading = events[0].reading
    assert (reading.position_s, reading.raw, reading.captured_s) == (3.0, 0.9, 106.0)
    assert (reading.window_s, reading.window_samples) == (3.0, 6)
    assert reading.prob == pytest.approx(0.9 * 0.45833333 / 1.5)
    assert of.latest == reading


def test_the_latest_reading_is_known_even_when_it_was_not_told() -> None:
    assert judge().latest is None
    of = judge()
    assert feed(of, [0.1, 0.2])[1] == []
    assert of.latest is not None
    assert of.latest.position_s == 0.5


def test_an_incident_is_told_at_once_prob_first() -> None:
    of = judge(unsmoothed(cooldown=1.0))
    events = feed(of, [0.1, 0.9, 0.1, 0.1, 0.1, 0.1])
    assert [kinds(some) for some in events] == [
        ["GoreProb"],
        ["GoreProb", "incident started"],
        ["GoreProb"],
        [],
        ["GoreProb", "incident ended"],
        [],
    ]
    ended = events[4][1]
    assert isinstance(ended, GoreIncident)
    assert (ended.incident.start_s, ended.incident.end_s, ended.incident.peak) == (0.5, 1.0, 0.9)
    assert ended.reading.position_s == 2.0


def test_an_incident_off_the_grid_does_not_move_the_grid() -> None:
    events = feed(judge(unsmoothed()), [0.1, 0.9, 0.9, 0.9, 0.9])
    assert told_at(events) == [0.0, 0.5, 1.0, 2.0]


def test_a_peak_alone_does_not_bring_a_prob() -> None:
    events = feed(judge(unsmoothed()), [0.5, 0.6, 0.7, 0.7, 0.7, 0.95])
    assert [kinds(some) for some in events] == [
        ["GoreProb", "incident started"],
        [],
        ["GoreProb", "incident peak"],
        [],
        ["GoreProb"],
        ["incident peak"],
    ]


def test_one_incident_that_ends_where_the_next_starts_shares_one_prob() -> None:
    events = feed(judge(unsmoothed()), [0.9, 0.1, 0.9], step_s=10.0)
    assert kinds(events[2]) == ["GoreProb", "incident ended", "incident started"]


def test_incidents_are_listed_oldest_first_with_the_open_one_last() -> None:
    of = judge(unsmoothed(cooldown=0.0))
    feed(of, [0.9, 0.1, 0.8, 0.1, 0.7])
    assert [(incident.id, incident.end_s) for incident in of.incidents] == [
        ("inc_1", 0.5),
        ("inc_2", 1.5),
        ("inc_3", None),
    ]
    of.finish(1.0)
    assert [incident.end_s for incident in of.incidents] == [0.5, 1.5, 2.0]


def test_a_stall_and_its_end_are_told_once_each() -> None:
    of = judge()
    of.feed(Status(State.LIVE, info=INFO))
    assert of.feed(Status(State.STALLED, reason="no frame for 5 s")) == [MediaStalled("no frame for 5 s")]
    assert of.feed(Status(State.RECONNECTING, reason="trying again")) == []
    assert of.feed(Status(State.LIVE, reason="connected again")) == [MediaResumed("connected again")]
    assert of.feed(Status(State.LIVE)) == []


def test_a_source_that_reconnects_without_a_silence_before_has_stalled_too() -> None:
    of = judge()
    assert kinds(of.feed(Status(State.RECONNECTING))) == ["MediaStalled"]
    assert kinds(of.feed(Status(State.LIVE, info=INFO))) == ["MediaStarted", "MediaResumed"]


def test_a_frame_ends_a_stall_even_if_the_source_does_not_say_so() -> None:
    of = judge()
    of.feed(Status(State.STALLED))
    assert kinds(of.feed(Scored(0.0, 0.0, 0, 0.1))) == ["MediaResumed", "GoreProb"]
    assert of.feed(Status(State.LIVE)) == []


def test_finishing_tells_the_newest_reading_the_open_incident_and_one_terminal_event() -> None:
    of = judge(unsmoothed())
    feed(of, [0.9, 0.8])
    events = of.finish(1_700_000_000.5)
    assert kinds(events) == ["GoreProb", "incident ended", "MediaFinished"]
    assert isinstance(events[1], GoreIncident)
    assert events[1].incident.end_s == 0.5
    assert events[-1] == MediaFinished(Summary(MEDIA, 1_700_000_000.5, 2, 0.9))


def test_finishing_does_not_tell_a_reading_twice() -> None:
    of = judge(unsmoothed())
    feed(of, [0.9])
    assert kinds(of.finish(1.0)) == ["incident ended", "MediaFinished"]
    calm = judge()
    feed(calm, [0.1, 0.1, 0.1])
    assert kinds(calm.finish(1.0)) == ["MediaFinished"]


def test_after_the_end_nothing_more_is_said_and_the_summary_is_final() -> None:
    of = judge()
    feed(of, [0.2])
    of.finish(5.0)
    assert of.finish(6.0, LOST) == []
    assert of.feed(Status(State.LIVE, info=INFO)) == []
    assert of.feed(Scored(10.0, 0.0, 0, 1.0)) == []
    assert of.summary(99.0) == Summary(MEDIA, 5.0, 1, 0.2)


@pytest.mark.parametrize("by_status", [True, False])
def test_a_source_that_failed_before_its_first_frame_has_a_failure_for_a_summary(by_status: bool) -> None:
    of = judge()
    if by_status:
        assert of.feed(Status(State.FAILED, failure=LOST)) == []
    events = of.finish(5.0, None if by_status else LOST)
    assert events == [MediaFailed(LOST, Summary(MEDIA, 5.0, 0, None, LOST))]


def test_a_source_that_failed_later_keeps_what_was_scored() -> None:
    of = judge()
    feed(of, [0.3, 0.3])
    of.feed(Status(State.FAILED, failure=LOST))
    assert of.finish(5.0)[-1] == MediaFailed(LOST, Summary(MEDIA, 5.0, 2, 0.3))


def test_a_failure_without_a_reason_still_ends_as_failed() -> None:
    of = judge()
    of.feed(Status(State.FAILED))
    assert kinds(of.finish(5.0)) == ["MediaFailed"]


def test_media_without_a_frame_finishes_with_a_summary_that_says_so() -> None:
    (finished,) = judge().finish(5.0)
    assert isinstance(finished, MediaFinished)
    assert finished.summary.prob is None
    assert finished.summary.failure is not None
    assert finished.summary.failure.code == "no_frames"


def test_the_summary_can_be_read_at_any_time() -> None:
    of = judge()
    assert of.summary(1.0).prob is None
    feed(of, [0.2, 0.6, 0.1])
    summary = of.summary(2.0)
    assert (summary.timestamp_s, summary.operations) == (2.0, 3)
    assert summary.prob == max(point.prob for point in of.scores)


def test_the_highest_smoothed_prob_is_the_summary_not_the_highest_raw_score() -> None:
    of = judge()
    feed(of, [0.0] * 10 + [0.95] + [0.0] * 10)
    assert of.summary(1.0).prob == pytest.approx(0.95 * 0.45833333 / 1.5)
    assert of.incidents == ()


def test_a_new_epoch_is_not_averaged_with_the_one_before() -> None:
    of = judge()
    feed(of, [0.0] * 6)
    of.feed(Scored(2.54, 0.0, 1, 0.9))
    assert of.latest is not None
    assert (of.latest.prob, of.latest.window_samples) == (0.9, 1)


def test_an_image_is_judged_by_its_one_sample() -> None:
    of = judge()
    assert kinds(of.feed(Scored(0.0, 0.0, 0, 0.97))) == ["GoreProb", "incident started"]
    assert kinds(of.finish(5.0)) == ["incident ended", "MediaFinished"]
    assert of.summary(5.0).prob == 0.97


def test_scores_are_kept_in_order_and_bounded() -> None:
    of = judge()
    rng = random.Random(4)
    for number in range(8000):
        of.feed(Scored(number * 0.5, 0.0, 0, rng.random() * 0.4))
    assert 3600 <= len(of.scores) <= 7200
    assert max(point.prob for point in of.scores) == of.summary(1.0).prob


@pytest.mark.parametrize("seed", range(20))
def test_what_is_told_hangs_together_whatever_comes(seed: int) -> None:
    rng = random.Random(seed)
    of = judge(Policy(fps=4.0, cooldown=rng.choice([0.0, 1.0]), window=rng.choice([0.3, 3.0])))
    events: list[Event] = []
    position_s, raw, epoch = 0.0, 0.3, 0
    states = [State.LIVE, State.STALLED, State.RECONNECTING]
    for _ in range(800):
        if rng.random() < 0.02:
            epoch += 1
        if rng.random() < 0.05:
            events += of.feed(Status(rng.choice(states), info=INFO))
        raw = min(max(raw + rng.uniform(-0.2, 0.2), 0.0), 1.0)
        position_s += rng.uniform(0.01, 1.5)
        events += of.feed(Scored(position_s, 0.0, epoch, raw))
    events += of.finish(1.0)
    probs = [event.reading for event in events if isinstance(event, GoreProb)]
    assert len({reading.position_s for reading in probs}) == len(probs)
    assert probs[-1] == of.latest
    states_told = [event for event in events if isinstance(event, MediaStalled | MediaResumed)]
    assert all(type(a) is not type(b) for a, b in itertools.pairwise(states_told))
    open_ids: set[str] = set()
    for before, event in itertools.pairwise(events):
        if not isinstance(event, GoreIncident):
            continue
        if event.state is IncidentState.STARTED:
            open_ids.add(event.incident.id)
        assert open_ids == {event.incident.id}
        if event.state is IncidentState.ENDED:
            open_ids.clear()
        if event.state is not IncidentState.PEAK:
            assert isinstance(before, GoreProb | GoreIncident)
    assert [isinstance(event, MediaFinished | MediaFailed) for event in events].count(True) == 1
    assert isinstance(events[-1], MediaFinished)
