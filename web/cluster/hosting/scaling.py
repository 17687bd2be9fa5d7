"""How many hosts there should be, so that streams that come find room. Pure."""

import math
from collections.abc import Sequence

from .placing import Hosted

_FREE = 0.1
"""The share of what all hosts bear that is to be free."""
_LEAST_FREE = 10
"""Streams' worth of room that is to be free in any case."""


def room_wanted(streams: int) -> int:
    """Streams more that there should be room for while so many are watched."""
    return max(math.ceil(streams * _FREE / (1.0 - _FREE) - 1e-9), _LEAST_FREE)


def hosts_wanted(hosts: Sequence[Hosted]) -> tuple[int, ...]:
    """The sizes, in streams, of the hosts that there should be: of those that there are, and of more like them.

    A new host is taken to bear what those that take streams bear. One that does not answer is taken to come up, or to
    come back: it is not asked for twice.
    """
    sizes = sorted(host.most_streams for host in hosts)
    if not sizes:
        return (1,)
    bears = _borne(hosts)
    room = sum(host.room if host.up else bears for host in hosts if not host.draining)
    missing = room_wanted(sum(host.streams for host in hosts)) - room
    more = max(math.ceil(missing / bears), 0)
    return (*sizes, *[sizes[0]] * more)


def _borne(hosts: Sequence[Hosted]) -> float:
    """Streams that a host bears on average, one at least."""
    taking = [host for host in hosts if host.takes_streams]
    if not taking:
        return float(min(host.most_streams for host in hosts))
    return max(sum(host.streams + host.room for host in taking) / len(taking), 1.0)
