"""What happens to a simulated fleet: it is filled, loses hosts, is drained in turn, and is offered too much. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .scale_sim import Costs, Fleet, Timing

_SIZES = (4, 8, 16, 32, 64)
"""Processors of the machines, in turn."""
_LARGEST = 1.0 / 6.0
"""The most of a service's processors that one machine has: what it watches must fit on the others."""
_STREAMS_A_CORE = 400
"""More than any core bears: what streams cost is what limits."""
_SETTLE_S = 60.0
_GIVE_UP_S = 300.0
_LATER_S = 300.0
"""When a host that got too much has been relieved of it."""
_AWAY_S = 30.0
"""Between the drain of a host and its return."""
_FROZEN_S = 60.0
_LONG_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The fleets: so many services, each with hosts and streams of its own."""

    streams: int
    services: int
    busy: float
    """The share of all processors that the streams want."""
    arriving_per_s: float
    seed: int


def machines(cores: float) -> list[tuple[int, int]]:
    """Machines of different sizes with so many processors together."""
    sizes = [size for size in _SIZES if size <= cores * _LARGEST] or [_SIZES[0]]
    found: list[tuple[int, int]] = []
    while (left := cores - sum(size for size, _ in found)) > 0.0:
        fitting = [size for size in sizes if size <= max(left, sizes[0])]
        size = fitting[len(found) % len(fitting)]
        found.append((size, size * _STREAMS_A_CORE))
    return found


Figures = dict[str, float]


def simulated(asked: Asked, costs: Costs, timing: Timing) -> dict[str, Figures]:
    """Every case, over all services: sums of what is counted in `COUNTED`, of all else the worst."""
    sizes = [len(part) for part in np.array_split(np.arange(asked.streams), asked.services)]
    seeds = np.random.SeedSequence(asked.seed).spawn(asked.services)
    services = [
        _cases(size, asked, costs, timing, np.random.default_rng(seed)) for size, seed in zip(sizes, seeds, strict=True)
    ]
    return {name: _over([one[name] for one in services]) for name in services[0]}


COUNTED = frozenset({"hosts", "cores", "streams", "placings", "lost", "moved", "admitted", "refused", "away"})
_LEAST_OF = frozenset({"wanted_share"})


def _over(services: Sequence[Figures]) -> Figures:
    found: Figures = {}
    for name in services[0]:
        values = [one[name] for one in services]
        combine = sum if name in COUNTED else min if name in _LEAST_OF else max
        found[name] = round(combine(values), 3)
    return found


def _cases(streams: int, asked: Asked, costs: Costs, timing: Timing, rng: np.random.Generator) -> dict[str, Figures]:
    cores = streams * costs.stream_cores / asked.busy
    fleet = Fleet(machines(cores), costs, timing, rng)
    found = {"filled": _fill(fleet, streams, asked.arriving_per_s / asked.services)}
    hosts = range(len(fleet.hosts))
    largest = max(hosts, key=lambda number: len(fleet.hosts[number].streams))
    found["one_dies"] = _failure(fleet, [largest], for_s=_LONG_S)
    fleet.run(_LONG_S)
    tenth = [int(number) for number in rng.permutation(len(fleet.hosts))[: max(len(fleet.hosts) // 10, 1)]]
    found["tenth_dies"] = _failure(fleet, tenth, for_s=_LONG_S)
    fleet.run(_LONG_S)
    frozen = max(hosts, key=lambda number: len(fleet.hosts[number].streams))
    found["one_freezes"] = _failure(fleet, [frozen], for_s=_FROZEN_S)
    fleet.run(_FROZEN_S + _SETTLE_S)
    found["all_drained"] = _drain_all(fleet)
    found["too_many"] = _too_many(fleet, streams, asked.arriving_per_s / asked.services)
    return found


def _fill(fleet: Fleet, streams: int, per_s: float) -> Figures:
    for number in range(streams):
        fleet.add(number / per_s)
    fleet.run(streams / per_s + _SETTLE_S)
    fleet.check()
    return {
        "streams": float(fleet.live),
        "refused": float(len(fleet.streams) - fleet.wanted),
        "hosts": float(len(fleet.hosts)),
        "cores": float(sum(host.cores for host in fleet.hosts)),
        **_balance(fleet),
    }


def _balance(fleet: Fleet) -> Figures:
    """How busy hosts are that take streams."""
    busy = [host.wanted_cores / host.cores for host in fleet.hosts if host.up and not host.draining]
    cores = sum(host.cores for host in fleet.hosts if host.up and not host.draining)
    mean = sum(host.wanted_cores for host in fleet.hosts) / cores
    return {"busiest": max(busy), "mean": mean, "busiest_over_mean": max(busy) / mean}


def _failure(fleet: Fleet, hosts: Sequence[int], *, for_s: float) -> Figures:
    """These fail, and come back after that time; until every stream is live again."""
    wanted, placings = fleet.live, fleet.placings
    fleet.gaps_s.clear()
    fleet.fail(hosts, for_s=for_s)
    lost = wanted - fleet.live
    recovered_s = fleet.run(_GIVE_UP_S, until=lambda: fleet.live >= wanted)
    fleet.check()
    found = {
        "hosts": float(len(hosts)),
        "lost": float(lost),
        "away": float(wanted - fleet.live),
        "recovered_s": recovered_s,
        "placings": float(fleet.placings - placings),
        **_gaps(fleet),
        **_balance(fleet),
    }
    fleet.run(_LATER_S)
    return found | {"busiest_later": _balance(fleet)["busiest"]}


def _gaps(fleet: Fleet) -> Figures:
    gaps_s = fleet.gaps_s or [0.0]
    return {"gap_p50_s": float(np.quantile(gaps_s, 0.5)), "gap_most_s": max(gaps_s)}


def _drain_all(fleet: Fleet) -> Figures:
    """One host after the other is drained, away for a while, and back empty."""
    fleet.gaps_s.clear()
    wanted, moved, began_s, away = fleet.live, 0, fleet.now_s, 0
    for number in range(len(fleet.hosts)):
        moved += fleet.drain(number)
        fleet.run(_GIVE_UP_S, until=lambda: fleet.live >= wanted)
        away += wanted - fleet.live
        fleet.run(_AWAY_S)
        fleet.undrain(number)
    lasted_s = fleet.now_s - began_s
    fleet.run(_SETTLE_S)
    fleet.check()
    return {
        "moved": float(moved),
        "away": float(away),
        "lasted_s": lasted_s,
        **_gaps(fleet),
        **_balance(fleet),
    }


def _too_many(fleet: Fleet, streams: int, per_s: float) -> Figures:
    """As many again come: those that there is room for are admitted, and the others told so."""
    before = fleet.live
    for number in range(streams):
        fleet.add(number / per_s)
    fleet.run(streams / per_s + 2.0 * _SETTLE_S)
    fleet.check()
    wanted = sum(host.wanted_cores for host in fleet.hosts)
    return {
        "admitted": float(fleet.live - before),
        "refused": float(len(fleet.streams) - fleet.wanted),
        "wanted_share": wanted / sum(host.cores for host in fleet.hosts),
        **_balance(fleet),
    }
