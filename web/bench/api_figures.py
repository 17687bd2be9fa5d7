"""What `bench api` says: arithmetic over what was measured, and the limits that hold. Pure."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_AT_LEAST = {"vs_bare": 0.8, "realtime_factor": 20.0}
_AT_MOST = {"p99_vs_p50": 10.0, "jpeg_48mp_vs_2mp": 3.0, "upload_peak": 3.0, "mb_left": 5.0}
"""Of memory that is left behind a little is the allocator's: pages that it keeps for the next time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Images a second through the service and without it, and the processors that sending them took."""

    ours_per_s: float
    bare_per_s: float
    sender_cpus: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """All that was measured in one run."""

    rounds: Sequence[Round]
    clip_s: float
    clips_s: Sequence[float]
    """That a check of the clip took."""
    large_cpu_s: Sequence[float]
    small_cpu_s: Sequence[float]
    """Of one check each, in pairs."""
    bare_large_vs_small: float
    """The same of the bare parts: what of it is the decoder's."""
    large_mb: float
    upload_mb: float
    upload_peak_mb: float
    requests: int
    left_mb: float
    streams: int
    beside_s: Sequence[float]
    """That each check took beside the streams."""
    concurrency: int
    image_kb: float


def figures(found: Measured) -> dict[str, object]:
    """The keys of the JSON line; `broken` names the limits that did not hold."""
    p50_s, p99_s = (float(value) for value in np.quantile(found.beside_s, (0.5, 0.99)))
    pairs = zip(found.large_cpu_s, found.small_cpu_s, strict=True)
    values = {
        "vs_bare": round(statistics.median(one.ours_per_s / one.bare_per_s for one in found.rounds), 3),
        "realtime_factor": round(found.clip_s / statistics.median(found.clips_s), 1),
        "p99_vs_p50": round(p99_s / p50_s, 2),
        "jpeg_48mp_vs_2mp": round(statistics.median(large / small for large, small in pairs if small > 0.0), 2),
        "mb_left": round(found.left_mb, 1),
        "upload_peak": round(found.upload_peak_mb / found.upload_mb, 2),
    }
    limits = _AT_LEAST | _AT_MOST
    broken = [
        name for name, value in values.items() if (value < limits[name] if name in _AT_LEAST else value > limits[name])
    ]
    return {
        "held": not broken,
        "broken": broken,
        "p50_ms": round(1000.0 * p50_s, 1),
        "p99_ms": round(1000.0 * p99_s, 1),
        **{key: value for name in values for key, value in ((name, values[name]), (f"{name}_limit", limits[name]))},
        "images_per_s": round(statistics.median(one.ours_per_s for one in found.rounds), 1),
        "bare_per_s": round(statistics.median(one.bare_per_s for one in found.rounds), 1),
        "sender_cpus": round(statistics.median(one.sender_cpus for one in found.rounds), 2),
        "concurrency": found.concurrency,
        "image_kb": round(found.image_kb),
        "video_s": round(statistics.median(found.clips_s), 2),
        "jpeg_48mp_cpu_ms": round(1000.0 * statistics.median(found.large_cpu_s), 1),
        "jpeg_2mp_cpu_ms": round(1000.0 * statistics.median(found.small_cpu_s), 1),
        "bare_48mp_vs_2mp": round(found.bare_large_vs_small, 2),
        "jpeg_48mp_mb": round(found.large_mb, 2),
        "requests": found.requests,
        "streams": found.streams,
        "checks_beside": len(found.beside_s),
    }
