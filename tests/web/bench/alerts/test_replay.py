"""A replay gives what the judge would have said on the same scores."""

from dataclasses import replace

import numpy as np
import pytest

from inference.events import GoreIncident, IncidentState
from inference.judge import Judge, Scored
from inference.policy import Policy
from inference.summary import MediaRef
from stream.sampling import Sampler
from web.bench.alerts.replay import Recording, Span, spans

from .making import CALM, timeline

POLICIES = [
    Policy(),
    Policy(window=1.0, threshold=0.3, release=0.3, cooldown=0.0),
    Policy(window=4.0, threshold=0.8, release=0.4, cooldown=4.0),
    Policy(fps=1.0, cooldown=1.0),
    Policy(fps=4.0, window=1.5),
]


def scores(seed: int) -> Recording:
    """Ten minutes at 4 samples a second, in stretches of high and low scores."""
    rng = np.random.default_rng(seed)
    count = 2400
    level = np.repeat(rng.uniform(0.0, 1.0, count // 8), 8)
    raw = np.clip(level + rng.normal(0.0, 0.2, count), 0.0, 1.0)
    return Recording(timeline((CALM, 600.0)), 4.0, np.arange(count) / 4.0, raw)


def judged(recording: Recording, policy: Policy) -> list[Span]:
    judge = Judge(policy, MediaRef("req", "med", "replay"), lambda: "inc")
    sampler = Sampler(policy.fps)
    found: list[Span] = []
    for position_s, raw in zip(recording.positions_s.tolist(), recording.raw.tolist(), strict=True):
        if not sampler.due(position_s):
            continue
        for event in judge.feed(Scored(position_s, position_s, 0, raw)):
            if isinstance(event, GoreIncident) and event.state is IncidentState.STARTED:
                found.append(Span(event.reading.position_s, float("inf")))
            elif isinstance(event, GoreIncident) and event.state is IncidentState.ENDED:
                found[-1] = replace(found[-1], until_s=event.reading.position_s)
    return found


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("policy", POLICIES)
def test_it_agrees_with_the_judge(policy: Policy, seed: int) -> None:
    recording = scores(seed)
    found = spans(recording, policy)
    assert found == judged(recording, policy)
    assert len(found) > 3


def test_no_higher_rate_can_be_replayed() -> None:
    with pytest.raises(ValueError, match="4 samples a second has none at 8"):
        scores(0).at_rate(8.0)


def test_without_a_score_at_the_threshold_there_is_no_incident() -> None:
    recording = scores(0)
    quiet = Recording(recording.timeline, 4.0, recording.positions_s, recording.raw * 0.4)
    assert spans(quiet, Policy()) == []
