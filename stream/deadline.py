"""How long the reads that FFmpeg makes on its own may take together."""

import time
from collections.abc import Callable

from stream.errors import SourceTimeout


class Deadline:
    """Moved on before each of FFmpeg's calls. To be used by one thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._armed_s = self._until_s = clock()
        self._given_s = 0.0
        self._extensible_to_s = 0.0

    def arm(self, seconds: float, *, extensible_to_s: float = 0.0) -> None:
        """Everything from now on may take `seconds`; up to `extensible_to_s` where `extend` is called in time."""
        self._armed_s = self._clock()
        self._given_s = seconds
        self._until_s = self._armed_s + seconds
        self._extensible_to_s = extensible_to_s

    def extend(self) -> None:
        """A sign of life: the seconds last given count anew, up to where the deadline is extensible to.

        A player of live segments opens addresses for longer than one packet may take, and sleeps in between. Without
        effect on a deadline that is not extensible, or that somebody has waited for in vain.
        """
        furthest_s = self._armed_s + self._extensible_to_s
        self._until_s = max(self._until_s, min(self._clock() + self._given_s, furthest_s))

    def expire(self) -> None:
        """Somebody waited in vain: nothing is left until it is armed again."""
        self._extensible_to_s = 0.0
        self._until_s = min(self._until_s, self._clock())

    def left_s(self) -> float:
        """Raises `SourceTimeout` when nothing is left."""
        now_s = self._clock()
        if now_s >= self._until_s:
            self.expire()
            waited_s = max(self._given_s, now_s - self._armed_s)
            raise SourceTimeout(f"Its server stayed silent, or too slow, for {waited_s:.3g} s.")
        return self._until_s - now_s
