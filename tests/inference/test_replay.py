"""What another policy would have made of the same scores."""

import random
from dataclasses import replace

import pytest

from inference.events import GoreIncident, IncidentState
from inference.incidents import Incident
from inference.judge import Judge, Scored
from inference.policy import Policy
from inference.replay import JUDGING, Replayed, replay
from inference.summary import MediaRef, Summary
from inference.verdicts import Outcome, Verdict, add
from stream.errors import Failure

MEDIA = MediaRef("req_1", "med_1", "rtsp://camera/live")
AT_S = 1_700_000_000.0


def scored(raws: list[float], *, step_s: float = 0.5, epoch: int = 0) -> list[Scored]:
    return [Scored(step_s * number, 0.0, epoch, raw) for number, raw in enumerate(raws)]


def wandering(seed: int, count: int = 2000) -> list[Scored]:
    """Uneven samples with breaks, as live video gives them."""
    drawn = random.Random(seed)
    position_s, epoch, level = 0.0, 0, 0.2
    made = []
    for _ in range(count):
        position_s += drawn.choice((0.125, 0.5, 0.5, 1.0, 2.0))
        if drawn.random() < 0.01:
            epoch, position_s = epoch + 1, position_s + 20.0
        level = min(max(level + drawn.uniform(-0.25, 0.25), 0.0), 1.0)
        made.append(Scored(position_s, 0.0, epoch, level))
    return made


@pytest.mark.parametrize("seed", range(5))
def test_the_policy_of_that_time_gives_the_incidents_and_the_summary_of_that_time(seed: int) -> None:
    samples, policy = wandering(seed), Policy(window=2.0, threshold=0.6, release=0.45, cooldown=3.0)
    judge, names = Judge(policy, MEDIA, iter(f"inc_{number}" for number in range(10_000)).__next__), []
    for sample in samples:
        names += [event for event in judge.feed(sample) if isinstance(event, GoreIncident)]
    names += [event for event in judge.finish(AT_S) if isinstance(event, GoreIncident)]
    ended = [event.incident for event in names if event.state is IncidentState.ENDED]
    again = replay(policy, MEDIA, samples, timestamp_s=AT_S)
    assert again.incident_count == len(ended) > 10
    assert [replace(incident, id="") for incident in again.incidents] == [replace(one, id="") for one in ended]
    assert again.summary == judge.summary(AT_S)


def test_a_lower_threshold_raises_what_a_higher_one_does_not() -> None:
    samples = scored([0.1] * 20 + [0.55] * 20 + [0.1] * 20 + [0.95] * 20 + [0.1] * 20)
    low = replay(Policy(threshold=0.5), MEDIA, samples, timestamp_s=AT_S)
    high = replay(Policy(threshold=0.9), MEDIA, samples, timestamp_s=AT_S)
    assert (low.incident_count, high.incident_count) == (2, 1)
    assert low.flagged_s > high.flagged_s > 0.0
    assert low.summary == high.summary, "the summary's prob does not depend on a threshold"


def test_keys_that_a_replay_does_not_answer_to_change_nothing() -> None:
    samples = wandering(9)
    usual = replay(Policy(), MEDIA, samples, timestamp_s=AT_S)
    other = Policy(
        fps=0.5, adaptive=False, max_fps=30.0, event_interval=60.0, stall_after=1.0, decode="all", keep="none"
    )
    assert {name for name in Policy.__dataclass_fields__ if getattr(other, name) != getattr(Policy(), name)}.isdisjoint(
        JUDGING
    )
    assert replay(other, MEDIA, samples, timestamp_s=AT_S) == usual


def test_media_without_a_score_has_no_probability() -> None:
    failure = Failure("no_video", "It has no video.")
    found = replay(Policy(), MEDIA, [], timestamp_s=AT_S, failure=failure)
    assert found == Replayed(Summary(MEDIA, AT_S, 0, None, failure), (), 0)


def incident(start_s: float, end_s: float) -> Incident:
    return Incident("1", start_s, end_s, 0.9, start_s)


def of(*incidents: Incident) -> Replayed:
    return Replayed(Summary(MEDIA, AT_S, 1, 0.9), incidents, len(incidents))


def test_incidents_are_counted_by_what_people_said_of_the_stretches_that_they_meet() -> None:
    verdicts = [
        Verdict(10.0, 20.0, confirmed=True),
        Verdict(18.0, 25.0, confirmed=False),
        Verdict(50.0, 60.0, confirmed=False),
    ]
    outcome = add(
        Outcome(), of(incident(19.0, 30.0), incident(55.0, 56.0), incident(90.0, 95.0)), verdicts, slack_s=1.0
    )
    assert outcome == Outcome(
        media=1, media_flagged=1, incidents=3, flagged_s=17.0, right=1, wrong=1, confirmed=1, found=1
    )
    assert (outcome.precision, outcome.recall) == (0.5, 1.0)


def test_what_lies_within_the_slack_is_met() -> None:
    verdicts = [Verdict(10.0, 20.0, confirmed=True)]
    near, far = of(incident(21.0, 22.0)), of(incident(21.1, 22.0))
    assert add(Outcome(), near, verdicts, slack_s=1.0).found == 1
    assert add(Outcome(), far, verdicts, slack_s=1.0).found == 0


def test_without_verdicts_there_is_neither_precision_nor_recall() -> None:
    outcome = add(add(Outcome(), of(incident(1.0, 2.0)), [], slack_s=0.0), of(), [], slack_s=0.0)
    assert outcome == Outcome(media=2, media_flagged=1, incidents=1, flagged_s=1.0)
    assert (outcome.precision, outcome.recall) == (None, None)
