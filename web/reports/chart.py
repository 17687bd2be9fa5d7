"""The scores of one media as a drawing (SVG) that needs nothing beside it: its colours are the page's. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from inference.policy import Policy
from inference.scores import Point, downsample

from .values import Shown
from .words import clock, escaped, prob_text, ticks

_WIDTH, _HEIGHT = 960, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 12, 14, 30
_FLOOR = _HEIGHT - _BOTTOM
_MOST_POINTS = 1200
_MOST_TICKS = 9
_GRID = (0.0, 0.25, 0.5, 0.75, 1.0)
_BEGINNING = 0.05
_GAP_S = 10.0
_GAP_STEPS = 8.0
"""Nothing was seen between two neighbours that are that much further apart than usual."""


@dataclass(frozen=True, slots=True)
class _Scale:
    first_s: float
    last_s: float

    def across(self, position_s: float) -> float:
        share = (position_s - self.first_s) / max(self.last_s - self.first_s, 1e-9)
        return _LEFT + min(max(share, 0.0), 1.0) * (_WIDTH - _LEFT - _RIGHT)


def chart(points: Sequence[Point], shown: Sequence[Shown], policy: Policy | None, *, label: str) -> str:
    """At least two points. `label` says of what it is, for those who do not see it."""
    scale = _Scale(*extent(points))
    kept = downsample(points, _MOST_POINTS)
    drawn = [
        *_grid(scale),
        *(_band(scale, one) for one in shown),
        *_curve("raw", scale, kept, [point.raw for point in kept]),
        *_curve("prob", scale, kept, [point.prob for point in kept]),
        *([] if policy is None else _levels(policy)),
        *(_peak(scale, one) for one in shown),
    ]
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escaped(label)}">'
        f"{''.join(drawn)}</svg>"
    )


def described(points: Sequence[Point], incident_count: int) -> str:
    """A chart in a sentence."""
    highest = max(points, key=lambda point: point.prob)
    return (
        f"Scores from {clock(points[0].position_s)} to {clock(points[-1].position_s)}: prob is highest, "
        f"{prob_text(highest.prob)}, at {clock(highest.position_s)}; incidents: {incident_count}."
    )


def extent(points: Sequence[Point]) -> tuple[float, float]:
    """The first and the last second of an axis: media begin at 0, unless what was scored then is not kept any more."""
    first_s, last_s = points[0].position_s, points[-1].position_s
    return (0.0 if first_s <= _BEGINNING * last_s else first_s), last_s


def runs(points: Sequence[Point]) -> list[range]:
    """The places of points without a gap in between, in order."""
    steps = [later.position_s - earlier.position_s for earlier, later in pairwise(points)]
    if not steps:
        return [range(len(points))] if points else []
    widest_s = max(_GAP_S, _GAP_STEPS * median(steps))
    cuts = [0, *(at + 1 for at, step_s in enumerate(steps) if step_s > widest_s), len(points)]
    return [range(first, end) for first, end in pairwise(cuts)]


def _up(value: float) -> float:
    return _FLOOR - min(max(value, 0.0), 1.0) * (_FLOOR - _TOP)


def _grid(scale: _Scale) -> Iterator[str]:
    for value in _GRID:
        y = _up(value)
        yield f'<path class="grid" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>'
        yield f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
    for position_s, words in ticks(scale.first_s, scale.last_s, most=_MOST_TICKS):
        x = scale.across(position_s)
        anchor = "start" if x < _LEFT + 20 else "end" if x > _WIDTH - _RIGHT - 20 else "middle"
        yield f'<path class="grid" d="M{x:.1f} {_FLOOR}v5"/>'
        yield f'<text x="{x:.1f}" y="{_FLOOR + 20}" text-anchor="{anchor}">{words}</text>'


def _curve(kind: str, scale: _Scale, points: Sequence[Point], values: Sequence[float]) -> Iterator[str]:
    for run in runs(points):
        places = [f"{scale.across(points[at].position_s):.1f},{_up(values[at]):.1f}" for at in run]
        # A line of one point would not be drawn.
        yield f'<polyline class="{kind}" points="{" ".join(places * 2 if len(places) == 1 else places)}"/>'


def _levels(policy: Policy) -> Iterable[str]:
    for kind, value, below in (("threshold", policy.threshold, False), ("release", policy.release, True)):
        y = _up(value)
        yield f'<path class="{kind}" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>'
        words = f"{kind} {value:.4g}"
        yield (
            f'<text class="level" x="{_WIDTH - _RIGHT - 4}" y="{y + (13 if below else -4):.1f}" '
            f'text-anchor="end">{words}</text>'
        )


def _band(scale: _Scale, shown: Shown) -> str:
    incident = shown.incident
    x = scale.across(incident.start_s)
    end_s = scale.last_s if incident.end_s is None else incident.end_s
    width = max(scale.across(end_s) - x, 1.5)
    # Beside the tint a bar at the foot, which is seen where colours are not.
    return (
        f'<rect class="band" x="{x:.1f}" y="{_TOP}" width="{width:.1f}" height="{_FLOOR - _TOP}"/>'
        f'<rect class="mark" x="{x:.1f}" y="{_FLOOR - 5}" width="{width:.1f}" height="5"/>'
    )


def _peak(scale: _Scale, shown: Shown) -> str:
    x, y = scale.across(shown.incident.peak_position_s), _up(shown.incident.peak) - 3
    return f'<path class="mark" d="M{x:.1f} {y:.1f}l-4.5 -8h9z"/>'
