"""The frame that is kept of an incident is that of the peak that its event tells of."""

import numpy as np
import pytest

from inference.events import GoreIncident, GoreProb, MediaStalled
from inference.judge import Judge, Scored
from inference.policy import Policy
from inference.summary import MediaRef
from web.recording.peaks import Peak, Peaks
from web.showing import Plain


def frame(level: int) -> Plain:
    return Plain(np.full((2, 2, 3), level, np.uint8))


def kept(scores: list[float], *, step_s: float = 0.25, **policy: float) -> list[tuple[str, float, int]]:
    """Incident, position and grey level of what is handed on, of samples whose level is 100 times their score."""
    ids = iter("abc")
    judge = Judge(Policy(window=0.001, **policy), MediaRef("r", "m", ""), lambda: next(ids))  # type: ignore[arg-type]
    peaks, found = Peaks(), []

    def tell(events: list[object]) -> None:
        for event in events:
            peak = peaks.told(event)  # type: ignore[arg-type]
            if peak is not None:
                assert isinstance(event, GoreIncident)
                assert peak.position_s == event.incident.peak_position_s
                found.append((peak.incident_id, peak.position_s, int(peak.picture.pixels[0, 0, 0])))

    for number, score in enumerate(scores):
        events = judge.feed(Scored(number * step_s, 0.0, 0, score))
        peaks.judged(judge.lasting, number * step_s, frame(round(100 * score)))
        tell([*events])
    tell([*judge.finish(0.0)])
    return found


def test_nothing_is_handed_on_without_an_incident() -> None:
    assert kept([0.1, 0.2, 0.49]) == []


def test_the_start_is_a_peak_and_what_is_lower_later_is_none() -> None:
    assert kept([0.1, 0.9, 0.8, 0.7, 0.6, 0.7, 0.8]) == [("a", 0.25, 90)]


def test_a_peak_that_is_told_late_has_its_own_frame() -> None:
    assert kept([0.6, 0.8, 0.7, 0.7, 0.7, 0.7]) == [("a", 0.0, 60), ("a", 0.25, 80)]


def test_a_peak_that_is_told_at_the_end_has_its_own_frame() -> None:
    assert kept([0.6, 0.8, 0.7]) == [("a", 0.0, 60), ("a", 0.25, 80)]


def test_one_incident_ends_at_the_sample_at_which_the_next_begins() -> None:
    found = kept([0.6, 0.8, 0.1, 0.9], cooldown=0.25)
    assert found == [("a", 0.0, 60), ("a", 0.25, 80), ("b", 0.75, 90)]


@pytest.mark.parametrize("event", [MediaStalled("silent")])
def test_other_events_hand_on_nothing(event: MediaStalled | GoreProb) -> None:
    assert Peaks().told(event) is None


def test_a_frame_is_itself_and_no_other() -> None:
    assert Peak("a", 0.0, frame(1)) != Peak("a", 0.0, frame(1))
