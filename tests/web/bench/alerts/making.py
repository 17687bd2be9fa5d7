"""Timelines and recordings for these tests, without pictures."""

import itertools
from collections.abc import Sequence

import numpy as np

from web.bench.alerts.plan import Shot, Still, Style, Timeline
from web.bench.alerts.replay import Recording

CALM = Still("calm.png", "scene", gore=False)
MEAT = Still("meat.png", "meat", gore=False, hard=True)
WOUND = Still("wound.png", "wound", gore=True)


def timeline(*shots: tuple[Still, float], style: Style = "passages", number: int = 0, fps: int = 12) -> Timeline:
    """Stills and how many seconds each of them is seen."""
    ends_s = list(itertools.accumulate(seconds for _, seconds in shots))
    starts_s = [0.0, *ends_s[:-1]]
    cut = tuple(Shot(still, start, end) for (still, _), start, end in zip(shots, starts_s, ends_s, strict=True))
    return Timeline(number, style, fps, cut, seed=number)


def recording(made: Timeline, scores: dict[Still, float], *, fps: float = 4.0) -> Recording:
    """Every still always gets its own score."""
    positions_s = np.arange(round(made.duration_s * fps)) / fps
    raw = np.array([scores[made.at(float(position_s)).still] for position_s in positions_s])
    return Recording(made, fps, positions_s, raw)


def stills(count: int, category: str, *, gore: bool = False, hard: bool = False) -> Sequence[Still]:
    return [Still(f"{category}-{number}.png", category, gore, hard) for number in range(count)]
