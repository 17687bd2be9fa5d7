"""What `bench scale` says: arithmetic over what was measured and simulated, and the limits that hold. Pure."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

RAY_OVERHEAD = 0.15
RECOVERED_S = 15.0


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side used while it watched the streams."""

    samples: int
    lasted_s: float
    cpu_s: Mapping[str, float]
    """Of each part: `service`, `workers`, `host`, `ray`; `loop` is the service's event loop alone, in `service` too."""

    @property
    def used_s(self) -> float:
        return sum(used_s for part, used_s in self.cpu_s.items() if part != "loop")

    @property
    def sample_ms(self) -> float:
        return 1000.0 * self.used_s / self.samples


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """All turns, in pairs, and what both sides use without a stream."""

    streams: int
    fps: float
    local: Sequence[Turn]
    ray: Sequence[Turn]
    local_idle: Turn
    ray_idle: Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Milliseconds of CPU in a service that hosts work for, and of its event loop alone."""

    streams: int
    sample_ms: float
    sample_loop_ms: float
    event_ms: float
    event_loop_ms: float
    placing_loop_ms: float
    """Of one stream that is placed anew when its host is gone."""
    recovered_s: float
    """From the kill of the only host, until each stream had a score of the one that Ray started in its place."""
    samples_per_s: float


def overhead_figures(found: Overhead) -> dict[str, object]:
    """Of the measured part."""
    shares = [1.0 - local.sample_ms / ray.sample_ms for local, ray in zip(found.local, found.ray, strict=True)]
    return {
        "ray_overhead": round(statistics.median(shares), 3),
        "ray_overhead_limit": RAY_OVERHEAD,
        "ray_overhead_by_round": [round(share, 3) for share in shares],
        "cpu_ms_per_sample": {"local": _parts(found.local), "ray": _parts(found.ray)},
        "overhead_ms_per_sample": round(
            statistics.median(
                ray.sample_ms - local.sample_ms for local, ray in zip(found.local, found.ray, strict=True)
            ),
            2,
        ),
        "idle_percent_of_a_core": {"local": _idle(found.local_idle), "ray": _idle(found.ray_idle)},
        "scored_share": {"local": _scored(found, found.local), "ray": _scored(found, found.ray)},
        "streams": found.streams,
        "fps": found.fps,
    }


def served_figures(found: Served) -> dict[str, object]:
    """Of the service that hosts work for."""
    return {
        "service": {
            "ms_per_sample": round(found.sample_ms, 2),
            "ms_per_event": round(found.event_ms, 2),
            "loop_ms_per_sample": round(found.sample_loop_ms, 2),
            "loop_ms_per_event": round(found.event_loop_ms, 2),
            "loop_ms_per_placing": round(found.placing_loop_ms, 2),
            "streams_borne": round(1000.0 * SERVICE_BUSY / (found.sample_ms + found.event_ms)),
            "host_replaced_s": round(found.recovered_s, 1),
            "made_up_streams": found.streams,
            "samples_per_s": round(found.samples_per_s, 1),
        }
    }


SERVICE_BUSY = 0.7
"""The share of one core that a service's streams may take: its threads take turns."""


def figures(
    measured: Mapping[str, object], simulated: Mapping[str, Mapping[str, Mapping[str, float]]]
) -> dict[str, object]:
    """The keys of the JSON line; `broken` names the limits that did not hold."""
    recovered_s = max(fleet["one_dies"]["recovered_s"] for fleet in simulated.values())
    overhead = measured["ray_overhead"]
    assert isinstance(overhead, float), "it was measured"
    broken = [
        name
        for name, holds in (
            ("ray_overhead", overhead <= RAY_OVERHEAD),
            ("recovered_s", recovered_s <= RECOVERED_S),
        )
        if not holds
    ]
    return {
        "held": not broken,
        "broken": broken,
        "ray_overhead": overhead,
        "recovered_s": round(recovered_s, 1),
        "recovered_s_limit": RECOVERED_S,
        **measured,
        "simulated": simulated,
    }


def stream_cores(found: Overhead) -> float:
    """What one stream with a sample a second takes of a core of its host, without what stands still."""
    used_s = [turn.cpu_s["workers"] + turn.cpu_s["host"] for turn in found.ray]
    return statistics.median(used / turn.samples for used, turn in zip(used_s, found.ray, strict=True))


def _parts(turns: Sequence[Turn]) -> dict[str, float]:
    parts = {part: [1000.0 * turn.cpu_s[part] / turn.samples for turn in turns] for part in turns[0].cpu_s}
    total = statistics.median(turn.sample_ms for turn in turns)
    return {part: round(statistics.median(values), 2) for part, values in parts.items()} | {"all": round(total, 2)}


def _idle(turn: Turn) -> dict[str, float]:
    return {part: round(100.0 * used_s / turn.lasted_s, 2) for part, used_s in turn.cpu_s.items()}


def _scored(found: Overhead, turns: Sequence[Turn]) -> float:
    return round(statistics.median(turn.samples / (found.streams * found.fps * turn.lasted_s) for turn in turns), 3)
