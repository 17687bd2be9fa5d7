"""A fleet of hosts in compressed time: streams come, are placed by `placing`, are lost and placed again. Pure.

What places streams, and waits before another try, is the very code of the service; machines, sources and what they
cost are made up. Time goes from event to event; the same generator gives the same run.
"""

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from stream.lifecycle import Backoff

from ..cluster.hosting.placing import HostState, place, relieve

_MEASURED_EVERY_S = 1.0
_ANSWER_WITHIN_S = 1.0
"""A host answers the service at least so often."""
_LEAST_IDLE = 0.1
"""Of a host's processors, that opening gets even where streams want all of them."""
_NOISE = 0.05
"""How far what a host does in one second is from what it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Of one stream, and the waiting that no processor shortens."""

    stream_cores: float
    """The share of a core that it takes, on average."""
    spread: float
    """Of the logarithm of that, over the streams."""
    opening_s: float
    """CPU seconds on its host until it is live."""
    placing_s: float
    """CPU seconds of the service's one event loop."""
    connecting_s: float
    key_frames_s: float
    """Between two of them: the next one is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The constants of the service."""

    silent_s: float
    """A host that does not answer for so long is given up."""
    pause_s: float
    """Before it is taken on again."""
    place_timeout_s: float
    """A stream that finds no room for so long is refused."""
    move_every_s: float
    """A stream is moved from a host that has too much to do at most so often."""
    backoff: Backoff = field(default_factory=Backoff)


@dataclass(slots=True, kw_only=True)
class Host:
    """A machine, as it is and as the service sees it."""

    cores: int
    state: HostState
    answers: bool = True
    up: bool = True
    draining: bool = False
    streams: dict[int, None] = field(default_factory=dict)
    """Their numbers, as they came."""
    wanted_cores: float = 0.0
    """By its live streams."""
    opening_until_s: float = 0.0

    def busy(self, now_s: float) -> float:
        """The share of its processors that it uses."""
        opening = 1.0 if self.opening_until_s > now_s else 0.0
        return min(max(self.wanted_cores / self.cores, opening), 1.0)


@dataclass(slots=True)
class Stream:
    cores: float
    host: int | None = None
    live: bool = False
    opening: int = 0
    """Which one: what belongs to an earlier one is not heard."""
    tries: int = 0
    refused: bool = False
    waits_since_s: float | None = None
    """For room."""
    lost_s: float | None = None
    had_frames: bool = False


class Fleet:
    """Hosts of one service, and its streams. `rng` decides all that is left to chance."""

    def __init__(
        self, machines: Sequence[tuple[int, int]], costs: Costs, timing: Timing, rng: np.random.Generator
    ) -> None:
        """`machines` are processors and the most streams of each."""
        self.costs = costs
        self.now_s = 0.0
        self.hosts = [
            Host(cores=cores, state=HostState(id=f"host-{number:04}", most_streams=most, cpus=cores))
            for number, (cores, most) in enumerate(machines)
        ]
        self.streams: list[Stream] = []
        self.gaps_s: list[float] = []
        """How long each stream that was lost was away."""
        self.placings = 0
        self.live = 0
        self._by_id = {host.state.id: number for number, host in enumerate(self.hosts)}
        self._timing = timing
        self._rng = rng
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._service_free_s = 0.0
        self._waiting: deque[int] = deque()
        self.moved = 0
        """Streams that left a host that had too much to do."""
        self._moved_s = 0.0
        self._at(_MEASURED_EVERY_S, self._balance)
        for number in range(len(self.hosts)):
            self._at(self._chance(_MEASURED_EVERY_S), partial(self._measure, number))

    @property
    def wanted(self) -> int:
        """Streams that are not refused."""
        return sum(not stream.refused for stream in self.streams)

    def add(self, after_s: float = 0.0) -> None:
        """One more stream, in so many seconds."""
        spread = self.costs.spread
        # Of a lognormal distribution with the mean that was asked for.
        factor = float(np.exp(self._rng.normal(-0.5 * spread * spread, spread)))
        self.streams.append(Stream(self.costs.stream_cores * factor))
        number = len(self.streams) - 1
        self._at(after_s, partial(self._ask, number))

    def fail(self, hosts: Iterable[int], *, for_s: float) -> None:
        """These stop answering, and come back with nothing after that time: dead ones as well as frozen ones."""
        for number in hosts:
            host = self.hosts[number]
            host.answers, host.wanted_cores, host.opening_until_s = False, 0.0, 0.0
            for stream in host.streams:
                self._lose(stream)
            # It was asked some time ago, and is waited for from then on.
            until_s = self._timing.silent_s - self._chance(_ANSWER_WITHIN_S)
            self._at(until_s, partial(self._give_up, number))
            self._at(max(for_s, until_s + self._timing.pause_s), partial(self._take_on, number))

    def drain(self, number: int) -> int:
        """Its streams are opened elsewhere; how many."""
        host = self.hosts[number]
        host.draining = True
        return self._give_away(host)

    def undrain(self, number: int) -> None:
        self.hosts[number].draining = False

    def run(self, for_s: float, *, until: Callable[[], bool] = lambda: False) -> float:
        """Go on for so long, or until that holds; how long it took."""
        began_s = self.now_s
        while self._events and self._events[0][0] <= began_s + for_s:
            self.now_s, _, happen = heapq.heappop(self._events)
            happen()
            if until():
                return self.now_s - began_s
        self.now_s = began_s + for_s
        return for_s

    def check(self) -> None:
        """Raises AssertionError where a stream is at two places, or a host's account is wrong."""
        for number, host in enumerate(self.hosts):
            assert host.state.streams == len(host.streams), f"{host.state.id} counts {host.state.streams}"
            assert all(self.streams[stream].host == number for stream in host.streams), f"{host.state.id} keeps one"
        placed = sum(len(host.streams) for host in self.hosts)
        assert placed == sum(stream.host is not None for stream in self.streams), "one is nowhere"
        assert self.live == sum(stream.live for stream in self.streams), "they are miscounted"
        assert all(stream.host is not None for stream in self.streams if stream.live), "a live one has no host"

    def _at(self, in_s: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now_s + in_s, next(self._order), happen))

    def _chance(self, most: float) -> float:
        return float(self._rng.uniform(0.0, most))

    def _ask(self, number: int) -> None:
        """The service comes to it in its turn."""
        self._service_free_s = max(self._service_free_s, self.now_s) + self.costs.placing_s
        self._at(self._service_free_s - self.now_s, partial(self._place, number))

    def _place(self, number: int) -> None:
        if self._waiting or not self._placed(number):
            self.streams[number].waits_since_s = self.now_s
            self._waiting.append(number)
            self._at(self._timing.place_timeout_s, partial(self._refuse, number))

    def _placed(self, number: int) -> bool:
        self.placings += 1
        chosen = place(host.state for host in self.hosts if host.up and not host.draining)
        if chosen is None:
            return False
        stream, where = self.streams[number], self._by_id[chosen]
        host = self.hosts[where]
        host.state = host.state.given()
        host.streams[number] = None
        stream.host, stream.waits_since_s = where, None
        stream.opening += 1
        if host.answers:
            idle = max(1.0 - host.wanted_cores / host.cores, _LEAST_IDLE)
            host.opening_until_s = max(host.opening_until_s, self.now_s) + self.costs.opening_s / (host.cores * idle)
            in_s = host.opening_until_s - self.now_s + self.costs.connecting_s + self._chance(self.costs.key_frames_s)
            opening = stream.opening
            self._at(in_s, partial(self._show, number, opening))
        return True

    def _show(self, number: int, opening: int) -> None:
        """Its first frame is there."""
        stream = self.streams[number]
        if stream.opening != opening or stream.host is None or not self.hosts[stream.host].answers:
            return
        self.hosts[stream.host].wanted_cores += stream.cores
        stream.live, stream.had_frames, stream.tries = True, True, 0
        self.live += 1
        if stream.lost_s is not None:
            self.gaps_s.append(self.now_s - stream.lost_s)
            stream.lost_s = None

    def _refuse(self, number: int) -> None:
        """It found no room in time; one that was live before is tried again."""
        stream = self.streams[number]
        if stream.waits_since_s is None or self.now_s - stream.waits_since_s < self._timing.place_timeout_s - 1e-9:
            return
        self._waiting.remove(number)
        stream.waits_since_s = None
        if stream.had_frames:
            self._try_again(number)
        else:
            stream.refused = True

    def _lose(self, number: int) -> None:
        """Nothing comes from it any more."""
        stream = self.streams[number]
        if stream.live:
            stream.live, stream.lost_s = False, self.now_s
            self.live -= 1

    def _give_away(self, host: Host) -> int:
        moved = list(host.streams)
        for number in moved:
            self._take_away(host, number)
        return len(moved)

    def _take_away(self, host: Host, number: int) -> None:
        stream = self.streams[number]
        if stream.live:
            host.wanted_cores -= stream.cores
        self._lose(number)
        del host.streams[number]
        host.state = host.state.left()
        stream.host = None
        stream.opening += 1
        self._try_again(number)

    def _try_again(self, number: int) -> None:
        stream = self.streams[number]
        delay_s = self._timing.backoff.delay_s(stream.tries, self._chance(1.0))
        stream.tries += 1
        self._at(delay_s, partial(self._ask, number))

    def _give_up(self, number: int) -> None:
        host = self.hosts[number]
        host.up = False
        self._give_away(host)
        host.state = HostState(id=host.state.id, most_streams=host.state.most_streams, cpus=host.cores)

    def _take_on(self, number: int) -> None:
        host = self.hosts[number]
        host.answers = host.up = True
        host.wanted_cores = 0.0

    def _balance(self) -> None:
        """Move the stream that came last from a host that has too much to do, as the service does."""
        self._at(_MEASURED_EVERY_S, self._balance)
        if self.now_s < self._moved_s + self._timing.move_every_s:
            return
        crowded = relieve(host.state for host in self.hosts if host.up and not host.draining)
        if crowded is not None:
            host = self.hosts[self._by_id[crowded]]
            self._take_away(host, next(reversed(host.streams)))
            self.moved += 1
            self._moved_s = self.now_s

    def _measure(self, number: int) -> None:
        host = self.hosts[number]
        self._at(_MEASURED_EVERY_S, partial(self._measure, number))
        if host.up and host.answers:
            noise = 1.0 + float(self._rng.normal(0.0, _NOISE))
            host.state = host.state.measured(min(host.busy(self.now_s) * noise, 1.0))
            while self._waiting and self._placed(self._waiting[0]):
                self._waiting.popleft()
