"""How many requests a key may make: a bucket that fills at a steady rate. Pure."""


class Bucket:
    """Lets `rate_per_s` requests pass a second, at once as many as a second gives, and at least one."""

    def __init__(self, rate_per_s: float) -> None:
        self.rate_per_s = rate_per_s
        self._room = max(rate_per_s, 1.0)
        self._level = self._room
        self._filled_s: float | None = None

    def take(self, now_s: float) -> float:
        """Take one: 0.0, or if there is none the seconds until there is. `now_s` is monotonic."""
        if self._filled_s is not None:
            self._level = min(self._level + (now_s - self._filled_s) * self.rate_per_s, self._room)
        self._filled_s = now_s
        if self._level < 1.0:
            return (1.0 - self._level) / self.rate_per_s
        self._level -= 1.0
        return 0.0
