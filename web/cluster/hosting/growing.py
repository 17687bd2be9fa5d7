"""Has Ray's autoscaler asked for the nodes that streams need."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from .hosts import Hosts
from .places import STREAMS
from .scaling import hosts_wanted

_LOOK_EVERY_S = 5.0
_LOOKS = 3
"""What is wanted so often is asked for: a machine that is made costs more than a moment without room."""
_log = logging.getLogger("gorewatch.hosts")

Ask = Callable[[list[dict[str, int]]], None]
"""Blocks. What is asked for holds until something else is."""


class Growing:
    """Lives on one event loop. `ask` is called in a thread, when other nodes are wanted than before."""

    def __init__(self, hosts: Hosts, ask: Ask) -> None:
        self._hosts = hosts
        self._ask = ask
        self._wanted: deque[tuple[int, ...]] = deque(maxlen=_LOOKS)
        self._asked: tuple[int, ...] = ()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:  # whatever Ray raises, the hosts that are there go on
                _log.error("Ray's autoscaler cannot be asked for nodes: %r", error)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def look(self) -> None:
        self._wanted.append(hosts_wanted(tuple(self._hosts)))
        wanted = min(self._wanted, key=sum)
        if wanted == self._asked:
            return
        await asyncio.to_thread(self._ask, [{STREAMS: size} for size in wanted])
        self._asked = wanted
        _log.info("Ray is asked for nodes for %d hosts with %d streams", len(wanted), sum(wanted))
