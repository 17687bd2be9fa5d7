"""What `bench fanout` says: arithmetic over what was measured, and the limits that hold. Pure."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_AT_LEAST = {"vs_aiohttp": 0.8, "vs_websockets": 1.0, "replay_per_s": 50_000.0}
_AT_MOST = {"p99_ms": 100.0, "kb_per_subscriber": 25.0, "slow_reader_effect": 1.25}
"""Of the effect of a slow reader a quarter is noise."""


@dataclass(frozen=True, slots=True)
class Turn:
    """CPU seconds of the same number of sends in each way."""

    sends: int
    ours_s: float
    aiohttp_s: float
    websockets_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """All that was measured in one run."""

    turns: Mapping[int, Sequence[Turn]]
    """By the number of subscribers."""
    paced: int
    alone_s: Sequence[float]
    """The p99 of each window without a reader that stops."""
    beside_s: Sequence[float]
    """And with one, in pairs."""
    replayed: int
    replay_s: float
    idle: int
    idle_kb: float


def figures(found: Measured) -> dict[str, object]:
    """The keys of the JSON line; `broken` names the limits that did not hold."""
    by_count = {str(count): _ratios(turns) for count, turns in found.turns.items()}
    effect = statistics.median(beside / alone for alone, beside in zip(found.alone_s, found.beside_s, strict=True))
    values = {
        "vs_aiohttp": min(one["vs_aiohttp"] for one in by_count.values()),
        "vs_websockets": min(one["vs_websockets"] for one in by_count.values()),
        "p99_ms": round(1000.0 * statistics.median(found.alone_s), 1),
        "kb_per_subscriber": round(found.idle_kb, 1),
        "slow_reader_effect": round(effect, 2),
        "replay_per_s": round(found.replayed / found.replay_s),
    }
    limits = _AT_LEAST | _AT_MOST
    broken = [
        name for name, value in values.items() if (value < limits[name] if name in _AT_LEAST else value > limits[name])
    ]
    return {
        "held": not broken,
        "broken": broken,
        **{key: value for name in values for key, value in ((name, values[name]), (f"{name}_limit", limits[name]))},
        "by_subscribers": by_count,
        "p99_ms_with_slow_reader": round(1000.0 * statistics.median(found.beside_s), 1),
        "paced_subscribers": found.paced,
        "replayed": found.replayed,
        "idle_subscribers": found.idle,
    }


def _ratios(turns: Sequence[Turn]) -> dict[str, float]:
    return {
        "vs_aiohttp": round(statistics.median(turn.aiohttp_s / turn.ours_s for turn in turns), 2),
        "vs_websockets": round(statistics.median(turn.websockets_s / turn.ours_s for turn in turns), 2),
        "us_per_send": round(statistics.median(1e6 * turn.ours_s / turn.sends for turn in turns), 2),
    }
