"""What the scorer has counted, for whoever shows it. Pure."""

from dataclasses import dataclass, field

from inference.buckets import Buckets, Histogram

_LATENCIES_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_SIZES = (1, 2, 4, 8, 16, 32)
_NONE = Buckets(()).histogram()


@dataclass(frozen=True, slots=True)
class ScorerStats:
    """Totals since the start, and what is being done right now."""

    batches: int = 0
    samples: int = 0
    """Scored."""
    failed: int = 0
    """Samples that the model failed on."""
    dropped: dict[str, int] = field(default_factory=dict)
    """Samples given up, by reason: those of `SampleDropped`, and `cancelled` by who had submitted them."""
    waiting: int = 0
    in_flight: int = 0
    """With a thread."""
    last_error: str | None = None
    latency_s: Histogram = _NONE
    """Of those scored: from the submission to the score."""
    batch_sizes: Histogram = _NONE


class Counts:
    """Counts as things happen."""

    def __init__(self) -> None:
        self._batches = self._samples = self._failed = 0
        self._dropped: dict[str, int] = {}
        self._last_error: str | None = None
        self._latency_s, self._sizes = Buckets(_LATENCIES_S), Buckets(_SIZES)

    def batch(self, size: int) -> None:
        """A thread is through with so many samples."""
        self._batches += 1
        self._sizes.add(size)

    def scored(self, latency_s: float) -> None:
        """One sample, so long after it was submitted."""
        self._samples += 1
        self._latency_s.add(latency_s)

    def failed(self, error: str) -> None:
        """One sample that the model failed on."""
        self._failed += 1
        self._last_error = error

    def dropped(self, reason: str, count: int = 1) -> None:
        """So many were given up."""
        self._dropped[reason] = self._dropped.get(reason, 0) + count

    def stats(self, *, waiting: int, in_flight: int) -> ScorerStats:
        """As they stand."""
        return ScorerStats(
            batches=self._batches,
            samples=self._samples,
            failed=self._failed,
            dropped=dict(self._dropped),
            waiting=waiting,
            in_flight=in_flight,
            last_error=self._last_error,
            latency_s=self._latency_s.histogram(),
            batch_sizes=self._sizes.histogram(),
        )
