"""What the scorer has counted, for whoever shows it. Pure."""

from dataclasses import dataclass, field

from inference.buckets import Buckets, Histogram

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
