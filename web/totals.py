"""What all streams of the service have counted together."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from stream.sample import Counters


@dataclass(frozen=True, slots=True)
class Totals:
    """Running totals over all streams since the start."""

    packets: int
    size_bytes: int
    frames: int
    samples: int
    """Scored."""
    decode_errors: int
    fallbacks: int
    reconnects: int
    dropped: dict[str, int]


class Sums:
    """Adds up streams."""

    def __init__(self, counts: Mapping[str, int] | None = None, dropped: Mapping[str, int] | None = None) -> None:
        self._counts = Counter(counts)
        self._dropped = Counter(dropped)

    def copy(self) -> "Sums":
        return Sums(self._counts, self._dropped)

    def add(self, counters: Counters, *, scored: int, dropped: Mapping[str, int]) -> None:
        """One stream; `dropped` on the way to the detector and before it."""
        self._counts.update(
            packets=counters.packets,
            size_bytes=counters.size_bytes,
            frames=counters.frames,
            samples=scored,
            decode_errors=counters.decode_errors,
            fallbacks=counters.fallbacks,
            reconnects=counters.reconnects,
        )
        self._dropped.update(dropped)

    def totals(self) -> Totals:
        counts = self._counts
        return Totals(
            packets=counts["packets"],
            size_bytes=counts["size_bytes"],
            frames=counts["frames"],
            samples=counts["samples"],
            decode_errors=counts["decode_errors"],
            fallbacks=counts["fallbacks"],
            reconnects=counts["reconnects"],
            dropped=dict(self._dropped),
        )
