"""The simulated fleet: no stream is lost or at two places, what is random comes from the seed, and times add up."""

from dataclasses import replace

import numpy as np
import pytest

from web.bench.scale_cases import Asked, machines, simulated
from web.bench.scale_sim import Costs, Fleet, Timing

_COSTS = Costs(stream_cores=0.02, spread=0.5, opening_s=0.1, placing_s=0.002, connecting_s=0.2, key_frames_s=2.0)
_TIMING = Timing(silent_s=4.0, pause_s=0.5, place_timeout_s=10.0, move_every_s=5.0)
_FOUR = [(4, 400)] * 4


def fleet(streams: int, *, hosts: list[tuple[int, int]] = _FOUR, seed: int = 1) -> Fleet:
    """Filled and at rest."""
    made = Fleet(hosts, _COSTS, _TIMING, np.random.default_rng(seed))
    for number in range(streams):
        made.add(number / 10.0)
    made.run(streams / 10.0 + 30.0)
    made.check()
    return made


def live_at(made: Fleet) -> list[int]:
    """Streams by host."""
    return [len(host.streams) for host in made.hosts]


def test_streams_are_spread_by_what_they_cost() -> None:
    made = fleet(200)
    assert made.live == 200
    busy = [host.wanted_cores / host.cores for host in made.hosts]
    assert max(busy) < 1.25 * sum(busy) / len(busy)


def test_a_dead_host_is_given_up_and_its_streams_are_live_elsewhere() -> None:
    made = fleet(200)
    lost = len(made.hosts[0].streams)
    made.fail([0], for_s=1000.0)
    assert made.live == 200 - lost
    took_s = made.run(100.0, until=lambda: made.live == 200)
    made.check()
    # 3 to 4 s until it is given up, a quarter of a second at least before the next try, and a key frame.
    assert 3.0 + 0.25 + _COSTS.connecting_s < took_s < 15.0
    assert live_at(made)[0] == 0
    assert len(made.gaps_s) == lost
    assert max(made.gaps_s) == pytest.approx(took_s)


def test_a_host_that_is_frozen_comes_back_with_nothing() -> None:
    made = fleet(200)
    made.fail([1], for_s=60.0)
    made.run(59.0)
    made.check()
    assert (made.live, made.hosts[1].up, live_at(made)[1]) == (200, False, 0)
    made.run(2.0)
    assert made.hosts[1].up
    for _ in range(40):
        made.add()
    made.run(30.0)
    made.check()
    assert live_at(made)[1] > 0
    assert made.live == 240


def test_a_drained_host_gives_its_streams_away_at_once() -> None:
    made = fleet(200)
    moved = made.drain(2)
    took_s = made.run(100.0, until=lambda: made.live == 200)
    made.check()
    assert took_s < _TIMING.silent_s
    assert (live_at(made)[2], len(made.gaps_s)) == (0, moved)
    made.undrain(2)
    made.add()
    made.run(30.0)
    assert live_at(made)[2] == 1


def test_what_there_is_no_room_for_is_refused_and_what_was_live_is_tried_again() -> None:
    made = fleet(200, hosts=[(2, 60), (2, 60)])
    assert made.live + sum(stream.refused for stream in made.streams) == 200
    assert made.live <= 120
    before = made.live
    made.fail([0], for_s=100.0)
    made.run(90.0)
    made.check()
    assert made.live < before
    made.run(120.0)
    made.check()
    assert made.live == before


def test_two_hosts_that_fail_while_the_first_ones_streams_are_on_their_way() -> None:
    made = fleet(200)
    made.fail([0], for_s=1000.0)
    made.run(4.0)
    made.fail([1], for_s=1000.0)
    made.run(100.0, until=lambda: made.live == 200)
    made.check()
    assert made.live == 200
    assert live_at(made)[:2] == [0, 0]


def test_a_host_that_has_too_much_to_do_is_relieved() -> None:
    made = fleet(100)
    crowded = made.hosts[0]
    for stream in crowded.streams:
        extra = 6.0 / len(crowded.streams)
        made.streams[stream].cores += extra
        crowded.wanted_cores += extra
    made.run(120.0)
    made.check()
    assert made.moved > 0
    assert crowded.wanted_cores / crowded.cores < 1.0
    assert made.live == 100


def test_the_same_seed_gives_the_same_figures() -> None:
    asked = Asked(streams=300, services=2, busy=0.6, arriving_per_s=50.0, seed=3)
    first = simulated(asked, _COSTS, _TIMING)
    assert simulated(asked, _COSTS, _TIMING) == first
    assert simulated(replace(asked, seed=4), _COSTS, _TIMING) != first
    assert (first["filled"]["streams"], first["one_dies"]["away"], first["all_drained"]["away"]) == (300.0, 0.0, 0.0)
    assert first["too_many"]["admitted"] + first["too_many"]["refused"] == 300.0


def test_no_machine_is_so_large_that_its_streams_fit_nowhere_else() -> None:
    for cores in (20.0, 100.0, 1000.0):
        sizes = [size for size, _ in machines(cores)]
        assert sum(sizes) >= cores
        assert max(sizes) <= max(cores / 5.0, 4)
