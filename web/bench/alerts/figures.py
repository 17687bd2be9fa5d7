"""What a policy does on all timelines: passages found by length, delays, false incidents; and a grid of policies."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from inference.policy import Policy

from .attribution import FalseAlarm, Seen, Verdict, attribute
from .plan import LENGTHS_S, Still
from .replay import Recording, smoothed, tracked

RATES = (1.0, 2.0, 4.0)
WINDOWS_S = (1.0, 1.5, 2.0, 3.0, 4.0)
THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
RELEASES = (0.5, 0.8)
"""Shares of the threshold."""
COOLDOWNS_S = (1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Found:
    """Passages of one kind. Delays are those of the passages that were found, media seconds."""

    passages: int
    delays_s: tuple[float, ...]

    @property
    def share(self) -> float:
        return len(self.delays_s) / self.passages

    def delay_s(self, quantile: float) -> float | None:
        return float(np.quantile(self.delays_s, quantile)) if self.delays_s else None


@dataclass(frozen=True, slots=True)
class Quiet:
    """Ordinary timelines of one style, or all."""

    hours: float
    false: tuple[FalseAlarm, ...]
    shown_s: tuple[tuple[Still, float], ...]
    """How long each still was seen."""

    @property
    def per_hour(self) -> float:
        return len(self.false) / self.hours

    def of(self, *, hard: bool) -> "Quiet":
        """The hard or the other stills alone, over the hours in which they were seen."""
        shown_s = tuple((still, seconds) for still, seconds in self.shown_s if still.hard == hard)
        false = tuple(alarm for alarm in self.false if alarm.still.hard == hard)
        return Quiet(sum(seconds for _, seconds in shown_s) / 3600.0, false, shown_s)


@dataclass(frozen=True, slots=True)
class Figures:
    """One policy on everything that was recorded at its rate or a higher one."""

    policy: Policy
    verdicts: tuple[Verdict, ...]

    @property
    def lengths_s(self) -> tuple[float, ...]:
        seen = {one.shot.length_s for one in self._seen()}
        return tuple(length_s for length_s in LENGTHS_S if length_s in seen)

    def of_length(self, length_s: float) -> Found:
        """Raises ValueError for a length of which there is no passage."""
        return _found([one for one in self._seen() if one.shot.length_s == length_s])

    def by_category(self, least_s: float) -> dict[str, Found]:
        """Passages of `least_s` or longer."""
        groups: dict[str, list[Seen]] = defaultdict(list)
        for one in self._seen():
            if one.shot.length_s >= least_s:
                groups[one.shot.still.category].append(one)
        return {category: _found(groups[category]) for category in sorted(groups)}

    def quiet(self, style: str | None = None) -> Quiet:
        """The ordinary timelines, of one style or of all."""
        verdicts = [
            verdict
            for verdict in self.verdicts
            if verdict.timeline.style != "passages" and style in (None, verdict.timeline.style)
        ]
        shown: dict[Still, float] = defaultdict(float)
        for shot in itertools.chain.from_iterable(verdict.timeline.shots for verdict in verdicts):
            shown[shot.still] += shot.length_s
        return Quiet(
            sum(verdict.timeline.duration_s for verdict in verdicts) / 3600.0,
            tuple(itertools.chain.from_iterable(verdict.false for verdict in verdicts)),
            tuple(shown.items()),
        )

    @property
    def false_between(self) -> tuple[FalseAlarm, ...]:
        """False incidents in the gaps between passages."""
        between = (verdict.false for verdict in self.verdicts if verdict.timeline.style == "passages")
        return tuple(itertools.chain.from_iterable(between))

    @property
    def repeats(self) -> int:
        return sum(verdict.repeats for verdict in self.verdicts)

    @property
    def covered(self) -> int:
        """Passages that were missed because an incident was open already."""
        return sum(one.covered for one in self._seen())

    def _seen(self) -> Iterable[Seen]:
        return itertools.chain.from_iterable(verdict.passages for verdict in self.verdicts)


def _found(seen: Sequence[Seen]) -> Found:
    if not seen:
        raise ValueError("there is no such passage")
    return Found(len(seen), tuple(one.delay_s for one in seen if one.delay_s is not None))


def replayed(recordings: Sequence[Recording], policies: Sequence[Policy]) -> list[Figures]:
    """The figures of each policy, in order; policies that share rate and window share the smoothing.

    A recording at a lower rate than a policy's is passed over for it.
    """
    figures: dict[Policy, Figures] = {}
    by_smoothing = sorted(set(policies), key=lambda policy: (policy.fps, policy.window))
    for (fps, window_s), alike in itertools.groupby(by_smoothing, key=lambda policy: (policy.fps, policy.window)):
        group = list(alike)
        verdicts: dict[Policy, list[Verdict]] = {policy: [] for policy in group}
        for recording in recordings:
            if recording.fps < fps:
                continue
            thinned = recording.at_rate(fps)
            prob = smoothed(thinned, window_s)
            for policy in group:
                spans = tracked(thinned.positions_s, prob, policy)
                verdicts[policy].append(attribute(thinned, spans, window_s))
        figures |= {policy: Figures(policy, tuple(verdicts[policy])) for policy in group}
    return [figures[policy] for policy in policies]


def curve_policies(default: Policy) -> list[Policy]:
    """Rate, window and threshold varied; release in the default's proportion to the threshold."""
    proportion = default.release / default.threshold
    return [
        replace(default, fps=fps, window=window_s, threshold=threshold, release=round(threshold * proportion, 3))
        for fps, window_s, threshold in itertools.product(
            sorted({*RATES, default.fps}),
            sorted({*WINDOWS_S, default.window}),
            sorted({*THRESHOLDS, default.threshold}),
        )
    ]


def ending_policies(default: Policy) -> list[Policy]:
    """Release and cooldown varied; all else as in the default."""
    return [
        replace(default, release=round(default.threshold * share, 3), cooldown=cooldown_s)
        for share, cooldown_s in itertools.product(RELEASES, COOLDOWNS_S)
    ]
