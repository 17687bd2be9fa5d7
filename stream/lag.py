"""How far a live source is behind, and how often it may go wrong: arithmetic over what a worker sees."""

from collections import deque

_WINDOW_S = 60.0


class Lag:
    """Seconds behind live, of a source whose clock nobody knows: beyond the least that it ever was behind."""

    def __init__(self) -> None:
        self._least_s: float | None = None
        self._epoch = 0

    def at(self, now_s: float, position_s: float, epoch: int) -> float:
        """When a frame of that position is decoded now. A new epoch has a clock of its own, and begins at 0."""
        behind_s = now_s - position_s
        if self._least_s is None or epoch != self._epoch:
            self._least_s, self._epoch = behind_s, epoch
        self._least_s = min(self._least_s, behind_s)
        return behind_s - self._least_s


class ErrorRate:
    """Tells when a running total has grown by more than `most_per_min` within the last minute."""

    def __init__(self, most_per_min: int) -> None:
        self._most = most_per_min
        self._seen: deque[tuple[float, int]] = deque([(float("-inf"), 0)])

    def exceeded(self, now_s: float, total: int) -> bool:
        """`total` is what it stands at now."""
        seen = self._seen
        if total != seen[-1][1]:
            seen.append((now_s, total))
        elif len(seen) == 1:
            # It is asked at every packet, and of most sources there is nothing to tell.
            return False
        while len(seen) > 1 and seen[1][0] <= now_s - _WINDOW_S:
            seen.popleft()
        return total - seen[0][1] > self._most
