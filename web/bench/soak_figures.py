"""What a soak says: arithmetic over what was seen of the service while it ran, and the limits that hold. Pure."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

LAG_GROWTH_S = 0.5
"""Of the 95th percentile of all streams, from the first tenth of the run to the last."""
MB_PER_STREAM = 15.0
MEMORY_GROWTH = 0.02
"""Of what is held, over the second half: what is filled once and then kept (event history) is full by then."""
SCORED_SHARE = 0.98
_LEAST_LOOKS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The service at one moment."""

    at_s: float
    live: int
    lags_s: tuple[float, ...]
    scored: int
    held_mb: float
    cpu_s: float
    """Of all its processes, since they started."""
    publishers_cpu_s: float
    watcher_cpu_s: float
    """Of whoever looks, which takes part of the same processors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One soak: how it was meant, and what was seen of it."""

    streams: int
    fps: float
    empty_mb: float
    looks: Sequence[Look]
    stalls: int
    reconnects: int
    dropped: Mapping[str, int]


def figures(run: Run) -> dict[str, object]:
    """The keys of the JSON line; `broken` names the limits that did not hold. Needs two looks at least."""
    looks = run.looks
    first, last = looks[0], looks[-1]
    lasted_s = last.at_s - first.at_s
    edge = max(1, min(max(_LEAST_LOOKS, len(looks) // 10), len(looks) // 2))
    start, end = _lags(looks[:edge]), _lags(looks[-edge:])
    late = looks[len(looks) // 2 :]
    per_hour = _slope([look.at_s / 3600.0 for look in late], [look.held_mb for look in late])
    held_mb = statistics.median(look.held_mb for look in late)
    values: dict[str, float | None] = {
        "lag_growth_s": None if start is None or end is None else round(end["p95"] - start["p95"], 3),
        "stalls": run.stalls,
        "reconnects": run.reconnects,
        "not_live": run.streams - min(look.live for look in looks),
        "scored_share": round((last.scored - first.scored) / (run.streams * run.fps * lasted_s), 3),
        "mb_per_stream": round((held_mb - run.empty_mb) / run.streams, 1),
        "memory_growth": round(per_hour * (late[-1].at_s - late[0].at_s) / 3600.0 / held_mb, 4),
    }
    limits: dict[str, float] = {
        "lag_growth_s": LAG_GROWTH_S,
        "stalls": 0,
        "reconnects": 0,
        "not_live": 0,
        "scored_share": SCORED_SHARE,
        "mb_per_stream": MB_PER_STREAM,
        "memory_growth": MEMORY_GROWTH,
    }
    broken = [name for name, value in values.items() if not _holds(name, value, limits[name])]
    return {
        "held": not broken,
        "broken": broken,
        **{key: value for name in values for key, value in ((name, values[name]), (f"{name}_limit", limits[name]))},
        "lag_start_s": start,
        "lag_end_s": end,
        "dropped": dict(Counter(run.dropped)),
        "samples_per_s": round((last.scored - first.scored) / lasted_s, 2),
        "mb_empty": round(run.empty_mb, 1),
        "mb_in_all": round(held_mb, 1),
        "mb_per_hour": round(per_hour, 1),
        "cpu_percent": {
            "ours": _percent(last.cpu_s - first.cpu_s, lasted_s),
            "publishers": _percent(last.publishers_cpu_s - first.publishers_cpu_s, lasted_s),
            "watcher": _percent(last.watcher_cpu_s - first.watcher_cpu_s, lasted_s),
        },
        "streams": run.streams,
        "fps": run.fps,
        "seconds": round(lasted_s, 1),
    }


def _holds(name: str, value: float | None, limit: float) -> bool:
    if value is None:
        return False
    if name == "scored_share":
        return value >= limit
    return value <= limit


def _lags(looks: Sequence[Look]) -> dict[str, float] | None:
    """None where no stream had one."""
    lags_s = [lag_s for look in looks for lag_s in look.lags_s]
    if not lags_s:
        return None
    p50, p95 = np.quantile(lags_s, (0.5, 0.95))
    return {"p50": round(float(p50), 3), "p95": round(float(p95), 3), "max": round(max(lags_s), 3)}


def _slope(hours: Sequence[float], values: Sequence[float]) -> float:
    return float(np.polyfit(hours, values, 1)[0]) if len(hours) > 1 else 0.0


def _percent(cpu_s: float, lasted_s: float) -> float:
    return round(100.0 * cpu_s / lasted_s, 1)
