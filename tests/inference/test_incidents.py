import itertools
import random

import pytest

from inference.incidents import Incident, IncidentState, IncidentTracker, Transition

STARTED, PEAK, ENDED = IncidentState.STARTED, IncidentState.PEAK, IncidentState.ENDED


def tracker(*, threshold: float = 0.5, release: float = 0.4, cooldown_s: float = 2.0) -> IncidentTracker:
    numbers = iter(range(1, 1000))
    return IncidentTracker(
        threshold=threshold, release=release, cooldown_s=cooldown_s, new_id=lambda: f"inc_{next(numbers)}"
    )


def follow(of: IncidentTracker, probs: list[float], *, step_s: float = 0.5) -> list[tuple[float, Transition]]:
    """Each transition with the position of the sample at which it was told."""
    return [
        (number * step_s, transition)
        for number, prob in enumerate(probs)
        for transition in of.feed(number * step_s, prob)
    ]


def test_nothing_under_the_threshold_is_an_incident() -> None:
    assert follow(tracker(), [0.0, 0.4, 0.4999, 0.45, 0.0]) == []


def test_an_incident_starts_at_the_sample_that_reaches_the_threshold() -> None:
    of = tracker()
    assert follow(of, [0.2, 0.5]) == [(0.5, Transition(STARTED, Incident("inc_1", 0.5, None, 0.5, 0.5)))]
    assert of.open == Incident("inc_1", 0.5, None, 0.5, 0.5)


def test_it_ends_after_the_cooldown_at_the_beginning_of_the_quiet() -> None:
    told = follow(tracker(), [0.9, 0.45, 0.39, 0.1, 0.1, 0.1, 0.1, 0.1])
    assert told[-1] == (3.0, Transition(ENDED, Incident("inc_1", 0.0, 1.0, 0.9, 0.0)))
    assert len(told) == 2


def test_between_the_two_thresholds_it_goes_on() -> None:
    of = tracker()
    assert len(follow(of, [0.6] + [0.41] * 50)) == 1
    assert of.open is not None


def test_a_quiet_shorter_than_the_cooldown_does_not_end_it() -> None:
    told = follow(tracker(), [0.6, 0.1, 0.1, 0.1, 0.4, 0.1, 0.1, 0.1, 0.1, 0.1])
    assert [(at, transition.state) for at, transition in told] == [(0.0, STARTED), (4.5, ENDED)]
    assert told[-1][1].incident.end_s == 2.5


def test_without_a_cooldown_it_ends_at_the_first_sample_under_release() -> None:
    told = follow(tracker(cooldown_s=0.0), [0.6, 0.39, 0.6, 0.1])
    assert [(at, transition.state) for at, transition in told] == [
        (0.0, STARTED),
        (0.5, ENDED),
        (1.0, STARTED),
        (1.5, ENDED),
    ]
    assert [transition.incident.id for _, transition in told] == ["inc_1", "inc_1", "inc_2", "inc_2"]
    assert told[1][1].incident.end_s == 0.5


def test_two_scenes_with_a_long_quiet_between_two_samples_are_two_incidents() -> None:
    told = follow(tracker(), [0.9, 0.1, 0.8], step_s=10.0)
    assert [(at, transition.state, transition.incident.end_s) for at, transition in told] == [
        (0.0, STARTED, None),
        (20.0, ENDED, 10.0),
        (20.0, STARTED, None),
    ]


def test_a_peak_is_told_at_most_once_a_second_and_never_lost() -> None:
    told = follow(tracker(), [0.5, 0.6, 0.7, 0.8, 0.75, 0.7, 0.7, 0.7, 0.85])
    assert [(at, t.state, t.incident.peak, t.incident.peak_position_s) for at, t in told] == [
        (0.0, STARTED, 0.5, 0.0),
        (1.0, PEAK, 0.7, 1.0),
        (2.0, PEAK, 0.8, 1.5),
        (4.0, PEAK, 0.85, 4.0),
    ]


def test_an_equal_value_is_no_new_peak() -> None:
    assert len(follow(tracker(), [0.7] * 20)) == 1


def test_the_end_carries_a_peak_that_was_not_told() -> None:
    told = follow(tracker(cooldown_s=0.0), [0.6, 0.95, 0.1])
    assert [(t.state, t.incident.peak, t.incident.peak_position_s) for _, t in told] == [
        (STARTED, 0.6, 0.0),
        (ENDED, 0.95, 0.5),
    ]


def test_media_that_ends_ends_its_incident_at_the_last_position() -> None:
    of = tracker()
    follow(of, [0.9, 0.9, 0.2])
    assert of.close(1.0) == [Transition(ENDED, Incident("inc_1", 0.0, 1.0, 0.9, 0.0))]
    assert of.close(1.0) == []
    assert of.open is None


def test_positions_that_are_not_exact_still_make_whole_cooldowns() -> None:
    of = tracker(cooldown_s=0.3)
    told = follow(of, [0.9, 0.1, 0.1, 0.1, 0.1], step_s=0.1)
    assert told[-1][0] == pytest.approx(0.4)
    assert told[-1][1].state is ENDED


@pytest.mark.parametrize("seed", range(30))
def test_incidents_follow_each_other_and_hold_their_peaks(seed: int) -> None:
    rng = random.Random(seed)
    cooldown_s = rng.choice([0.0, 0.5, 2.0])
    of = tracker(cooldown_s=cooldown_s)
    position_s, prob, seen = 0.0, 0.0, []
    readings: list[tuple[float, float]] = []
    for _ in range(600):
        position_s += rng.uniform(0.05, 1.0)
        prob = min(max(prob + rng.uniform(-0.3, 0.3), 0.0), 1.0)
        readings.append((position_s, prob))
        seen += [(position_s, transition) for transition in of.feed(position_s, prob)]
    seen += [(position_s, transition) for transition in of.close(position_s)]
    peaks_told_s = [at for at, transition in seen if transition.state is PEAK]
    assert all(later - earlier >= 0.999 for earlier, later in itertools.pairwise(peaks_told_s))
    ended = [transition.incident for _, transition in seen if transition.state is ENDED]
    assert len(ended) == sum(transition.state is STARTED for _, transition in seen) > 0
    for before, incident in zip([None, *ended], ended, strict=False):
        assert incident.end_s is not None
        within = [value for at, value in readings if incident.start_s <= at <= incident.end_s]
        assert within[0] >= 0.5
        assert incident.peak == max(within)
        assert (incident.peak_position_s, incident.peak) in readings
        assert before is None or before.end_s is None or incident.start_s >= before.end_s
    covered = [(i.start_s, i.end_s or 0.0) for i in ended]
    assert all(any(start <= at <= end for start, end in covered) for at, value in readings if value >= 0.5)
