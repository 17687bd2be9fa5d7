"""How many samples may be under way to a scorer elsewhere, and which scorer gets the next ones. Pure."""

from collections.abc import Mapping

BATCH = 32
"""Samples that travel together, at most."""
_MOST = 2 * BATCH
"""While one batch is scored the next is on its way; more would only wait there."""
_SLOW_S = 0.5
"""An answer that takes longer says that too much is sent, by this host or by all."""


class UnderWay:
    """To one scorer. As many are sent as it answers soon: half as many when it is slow, then one more at a time."""

    def __init__(self) -> None:
        self.samples = 0
        self._most = BATCH

    @property
    def room(self) -> int:
        """For so many more."""
        return max(self._most - self.samples, 0)

    def sent(self, count: int) -> None:
        self.samples += count

    def answered(self, count: int, took_s: float) -> None:
        """So many, after so long."""
        self.samples -= count
        self._most = max(self._most // 2, 1) if took_s > _SLOW_S else min(self._most + 1, _MOST)

    def lost(self, count: int) -> None:
        """So many come back without an answer."""
        self.samples -= count
        self._most = max(self._most // 2, 1)


def idlest(scorers: Mapping[str, UnderWay]) -> str | None:
    """That with the fewest samples under way, of those that have room; the smaller id of equals."""
    roomy = [(found.samples, scorer_id) for scorer_id, found in scorers.items() if found.room]
    return min(roomy)[1] if roomy else None
