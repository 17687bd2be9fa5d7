"""All hosts that the service knows, and the engine that has streams watched by them."""

import asyncio
import itertools
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from stream.address import Address
from stream.errors import Overloaded
from stream.options import SourceOptions
from stream.sample import Source

from ...around import Engine, SampleLane
from ...publishing import ReceivedSource
from .hosted import HostedSource, MixedLane
from .link import DRAINED, HostLink, Remote
from .messages import Open, Order, Receive
from .placing import Hosted, Scorer, place, relieve

PLACE_TIMEOUT_S = 10.0
_START_S = 60.0
"""While a host is started: it loads its detector first."""
_GATHER_S = 5.0
MOVE_EVERY_S = 5.0
"""So that what a move brought is measured before the next."""
_log = logging.getLogger("gorewatch.hosts")


class Hosts:
    """Lives on one event loop. Hosts come and go; each stream is given to the one that will be the least busy."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._gathered_s: float | None = None
        """Until then others are waited for; None before the first host is up."""
        self._moved_s = clock()
        self._links: dict[str, HostLink] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._numbers = itertools.count(1)
        self._drained: set[str] = set()
        self.gone = 0
        """How many there were that are there no more."""
        self._changed = asyncio.Event()

    def __iter__(self) -> Iterator[Hosted]:
        """By their ids."""
        return iter([_facts(link) for _, link in sorted(self._links.items())])

    @property
    def ready(self) -> bool:
        """Whether one takes streams."""
        return any(link.takes_streams for link in self._links.values())

    @property
    def full(self) -> bool:
        """Whether those that take streams have no room for one more."""
        return self.ready and self._best() is None

    @property
    def restarts(self) -> int:
        """How often worker processes were replaced and hosts lost."""
        return sum(link.load.worker_restarts + link.times_lost for link in self._links.values())

    def add(
        self, host_id: str, remote: Remote, *, most_streams: int, cpus: float = 1.0, scorer: Scorer = "own"
    ) -> None:
        """One more, which is taken on as soon as it answers."""
        link = HostLink(host_id, remote, most_streams=most_streams, cpus=cpus, scorer=scorer, changed=self._changed.set)
        link.draining = host_id in self._drained
        self._links[host_id] = link
        self._tasks[host_id] = asyncio.create_task(link.run(), name=f"host-{host_id}")

    async def remove(self, host_id: str) -> None:
        """It is gone for good; its streams are opened elsewhere."""
        del self._links[host_id]
        self.gone += 1
        task = self._tasks.pop(host_id)
        task.cancel()
        await asyncio.wait({task})

    async def aclose(self) -> None:
        """Let go of all. Idempotent."""
        for host_id in list(self._links):
            await self.remove(host_id)

    def drain(self, host_id: str) -> int:
        """Give it no more streams, and have those that it has opened elsewhere: how many. Raises KeyError.

        Stored media are watched there to their end. What is still being opened there moves once it
        turns out to be live.
        """
        link = self._links[host_id]
        self._drained.add(host_id)
        link.draining = True
        _log.info("the host %s is drained", host_id)
        return link.give_away(DRAINED, stored=False)

    def undrain(self, host_id: str) -> None:
        """Give it streams again. Raises KeyError."""
        self._links[host_id].draining = False
        self._drained.discard(host_id)
        _log.info("the host %s is drained no more", host_id)
        self._changed.set()

    def balance(self) -> None:
        """Move a stream from a host that has too much to do, if another has less. To be called every second."""
        now_s = self._clock()
        if now_s < self._moved_s + MOVE_EVERY_S:
            return
        crowded = relieve(link.state for link in self._links.values() if link.takes_streams)
        if crowded is not None and self._links[crowded].give_one_away():
            _log.info("a stream is moved from the host %s, which has too much to do", crowded)
            self._moved_s = now_s

    async def open(self, order: Callable[[int], Order]) -> HostedSource:
        """Give an order to the best host, waiting a while for one that has room. Raises `stream.errors.Overloaded`.

        Of the first hosts whichever is up first is not to get all streams: these wait until all are up, for moments.
        """
        began_s = self._clock()
        while (link := self._best()) is None or self._gathering_s() > 0:
            starting = any(not one.was_up for one in self._links.values())
            left_s = began_s + (_START_S if starting else PLACE_TIMEOUT_S) - self._clock()
            if link is not None:
                left_s = self._gathering_s()
            elif left_s <= 0:
                raise self._overloaded()
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._changed.wait()
        number = next(self._numbers)
        return link.open(number, order(number))

    def _gathering_s(self) -> float:
        """How long others are still waited for, now that one is up."""
        if self._gathered_s is None:
            self._gathered_s = self._clock() + _GATHER_S
        starting = any(not link.was_up for link in self._links.values())
        return self._gathered_s - self._clock() if starting else 0.0

    def _overloaded(self) -> Overloaded:
        up = sum(link.takes_streams for link in self._links.values())
        if up:
            return Overloaded(f"None of the {up} hosts that take streams has room for one more; add machines.")
        return Overloaded("No host takes streams; see `gorewatch hosts`, and the log.")

    def _best(self) -> HostLink | None:
        chosen = place(link.state for link in self._links.values() if link.takes_streams)
        return None if chosen is None else self._links[chosen]


class HostedEngine:
    """A `web.around.Engine` that has hosts watch what they can, and the service itself the rest.

    Files lie on this machine, and who sends to a port of ours sends it here.
    """

    def __init__(self, here: Engine, hosts: Hosts) -> None:
        self._here = here
        self._hosts = hosts

    async def pull(self, address: Address, options: SourceOptions, *, all_told: bool = False) -> Source:
        if _is_here(address):
            return await self._here.pull(address, options, all_told=all_told)
        return await self._hosts.open(lambda number: Open(number, address, options, all_told))

    async def receive(self, offer_sdp: str, options: SourceOptions) -> tuple[ReceivedSource, str]:
        source = await self._hosts.open(lambda number: Receive(number, offer_sdp, options))
        try:
            return source, await source.answer()
        except BaseException:
            await source.aclose()
            raise

    def full_for(self, address: Address) -> bool:
        return not _is_here(address) and self._hosts.full

    def lane(self) -> SampleLane:
        return MixedLane(self._here.lane())


def _is_here(address: Address) -> bool:
    return address.is_file or address.listens


def _facts(link: HostLink) -> Hosted:
    state = link.state
    return Hosted(
        id=link.id,
        up=link.up,
        draining=link.draining,
        streams=state.streams,
        stored=link.stored,
        most_streams=state.most_streams,
        room=state.room if link.takes_streams else 0,
        busy=state.busy,
        times_lost=link.times_lost,
        worker_restarts=link.load.worker_restarts,
        scorer=link.scorer,
    )
