"""Which host gets the next stream, by what streams were measured to cost. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

_FULL = 0.9
"""The share of a host's processors' time that streams may take; the rest is for what they do at times."""
_COST = 0.03
"""What a stream is taken to cost of a processor's time while none was measured: about one sample a second."""
_LEAST_COST = 0.001
_SETTLE = 0.3
"""How much of what is measured anew counts: what a host does at a moment is not what it does."""

_TOO_FULL = 0.95
_WORTH_IT = 0.2
_FEWEST_TO_MOVE = 2
"""A stream that keeps a host busy by itself would do so elsewhere."""
_STILL_UNMEASURED = 0.7
"""Of new streams, after each measurement: it takes a few seconds until they cost what they cost."""


Scorer = Literal["own", "borrowed"]
"""Whether a host has a detector, or others score for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostState:
    """What is known of a host that takes streams."""

    id: str
    most_streams: int
    """As it was given by who runs it."""
    cpus: float = 1.0
    streams: int = 0
    busy: float = 0.0
    """The share of its processors' time that it uses, smoothed; 0 to 1."""
    unmeasured: int = 0
    """Streams given to it since `busy` was measured."""

    @property
    def cost(self) -> float:
        """Of one stream there, as a share of the host's time."""
        measured = self.streams - self.unmeasured
        return _COST / max(self.cpus, 1.0) if measured <= 0 else max(self.busy / measured, _LEAST_COST)

    @property
    def expected(self) -> float:
        """How busy it will be with all that it was given."""
        return self.busy + self.unmeasured * self.cost

    @property
    def room(self) -> int:
        """Streams that it can still take."""
        by_time = int((_FULL - self.expected) / self.cost + 1e-9)
        return max(min(self.most_streams - self.streams, by_time), 0)

    def given(self, count: int = 1) -> "HostState":
        """With as many streams more."""
        return replace(self, streams=self.streams + count, unmeasured=self.unmeasured + count)

    def left(self) -> "HostState":
        """With one stream less."""
        measured = self.streams - self.unmeasured
        busy = self.busy - self.cost if measured > 0 else self.busy
        return replace(
            self,
            streams=self.streams - 1,
            unmeasured=min(self.unmeasured, self.streams - 1),
            busy=max(busy, 0.0),
        )

    def measured(self, busy: float) -> "HostState":
        """As it was found."""
        smoothed = self.busy + _SETTLE * (busy - self.busy)
        return replace(self, busy=smoothed, unmeasured=int(self.unmeasured * _STILL_UNMEASURED))


@dataclass(frozen=True, slots=True)
class Hosted:
    """A host, for people and metrics."""

    id: str
    up: bool
    draining: bool
    streams: int
    stored: int
    """Of these, media that do not go on elsewhere: they are watched there to their end."""
    most_streams: int
    room: int
    """Streams more that it is expected to bear."""
    busy: float
    times_lost: int
    worker_restarts: int
    scorer: Scorer

    @property
    def takes_streams(self) -> bool:
        return self.up and not self.draining


def place(hosts: Iterable[HostState]) -> str | None:
    """The id of the host for one more stream: that which will be the least busy; None where there is room nowhere.

    Of equals that with the smaller share of its streams, and then the smaller id, so that all services decide alike.
    """
    roomy = [host for host in hosts if host.room > 0]
    if not roomy:
        return None
    return min(
        roomy, key=lambda host: (round(host.expected + host.cost, 3), host.streams / host.most_streams, host.id)
    ).id


def relieve(hosts: Iterable[HostState]) -> str | None:
    """The id of the host that a stream should leave: the busiest, if it is fuller than it may be and another is not.

    To move a stream costs it some seconds, so that hosts that are merely unlike are left alone.
    """
    known = list(hosts)
    busiest = max(known, key=lambda host: (host.expected, host.id), default=None)
    if busiest is None or busiest.expected <= _TOO_FULL or busiest.streams < _FEWEST_TO_MOVE:
        return None
    roomy = any(host.room > 0 and host.expected + _WORTH_IT <= busiest.expected for host in known)
    return busiest.id if roomy else None
