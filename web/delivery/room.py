"""How many deliveries may be under way at once: so few a host, and so few to those who failed. Pure."""

from collections import Counter
from dataclasses import dataclass
from typing import Protocol

_HOSTS_REMEMBERED = 500


class Underway(Protocol):
    """What is asked of a delivery."""

    @property
    def sender(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def attempts(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Closed:
    """What nothing more may be begun for."""

    senders: frozenset[str]
    hosts: frozenset[str]
    tried: bool = False
    """What was tried before."""


class Room:
    """Counts what is under way.

    Whoever failed last, and whoever shares a host with that one, is sent to in a part of the room alone: the rest of it
    is always free for those who answer, however many others let us wait.
    """

    def __init__(self, *, most: int, most_troubled: int, most_per_host: int) -> None:
        self._most = most
        self._most_troubled = most_troubled
        self._most_per_host = most_per_host
        self._senders: dict[str, bool] = {}
        """Whether each that is under way is troubled."""
        self._hosts: Counter[str] = Counter()
        self._failing: dict[str, None] = {}
        """Hosts where the last attempt failed, the latest last."""

    @property
    def free(self) -> int:
        return self._most - len(self._senders)

    def closed(self) -> Closed:
        full = frozenset(host for host, count in self._hosts.items() if count >= self._most_per_host)
        crowded = sum(self._senders.values()) >= self._most_troubled
        return Closed(frozenset(self._senders), full | frozenset(self._failing if crowded else ()), crowded)

    def enter(self, delivery: Underway) -> bool:
        """Whether there is room for it, which is then taken."""
        closed = self.closed()
        refused = delivery.host in closed.hosts or (closed.tried and delivery.attempts > 0)
        if not self.free or delivery.sender in self._senders or refused:
            return False
        self._senders[delivery.sender] = delivery.attempts > 0 or delivery.host in self._failing
        self._hosts[delivery.host] += 1
        return True

    def leave(self, delivery: Underway, *, failed: bool | None) -> None:
        """It is no longer under way; None: it was not tried."""
        del self._senders[delivery.sender]
        self._hosts[delivery.host] -= 1
        if not self._hosts[delivery.host]:
            del self._hosts[delivery.host]
        if failed is None:
            return
        self._failing.pop(delivery.host, None)
        if failed:
            self._failing[delivery.host] = None
            if len(self._failing) > _HOSTS_REMEMBERED:
                del self._failing[next(iter(self._failing))]
