"""The figures of `benchmarks/borrowing.py`. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

LIMIT_MS = 2.0
"""CPU of a sample that is scored elsewhere, of both sides and of Ray, beyond what it costs with a detector here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of one way, and of batches of one size; CPU seconds a sample."""

    batch: int
    host_s: float
    scorer_s: float
    """Of the process that lends; 0 where a host scores itself."""
    ray_s: float
    """Of Ray's own processes on both nodes, beyond what they take when nothing is sent."""
    latency_s: float
    samples_per_s: float

    @property
    def all_s(self) -> float:
        return self.host_s + self.scorer_s + self.ray_s


def figures(own: Sequence[Cost], borrowed: Sequence[Cost], *, detector_s: float) -> dict[str, object]:
    """The keys of the JSON line; both have the same sizes of batches, smallest first, and each of these several times.

    Medians, of pairs that were measured beside each other.
    """
    sizes = sorted({cost.batch for cost in own})
    told = {str(size): _size(size, own, borrowed, detector_s) for size in sizes}
    extra_ms = told[str(sizes[-1])]["extra_ms"]
    return {
        "held": extra_ms <= LIMIT_MS,
        "extra_ms": extra_ms,
        "extra_ms_limit": LIMIT_MS,
        "detector_ms": _ms(detector_s),
        "batches": told,
    }


def _size(size: int, own: Sequence[Cost], borrowed: Sequence[Cost], detector_s: float) -> dict[str, float]:
    here = [cost for cost in own if cost.batch == size]
    there = [cost for cost in borrowed if cost.batch == size]
    pairs = list(zip(here, there, strict=True))
    return {
        "extra_ms": _ms(median(two.all_s - one.all_s for one, two in pairs)),
        "ratio": round(median((two.all_s + detector_s) / (one.all_s + detector_s) for one, two in pairs), 2),
        "own_host_ms": _ms(median(one.host_s for one in here)),
        "host_ms": _ms(median(two.host_s for two in there)),
        "scorer_ms": _ms(median(two.scorer_s for two in there)),
        "ray_ms": _ms(median(two.ray_s for two in there)),
        "own_latency_ms": _ms(median(one.latency_s for one in here)),
        "latency_ms": _ms(median(two.latency_s for two in there)),
        "samples_per_s": round(median(two.samples_per_s for two in there)),
    }


def _ms(seconds: float) -> float:
    return round(1000.0 * seconds, 2)
