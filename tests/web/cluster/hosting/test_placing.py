"""Which host gets the next stream."""

from dataclasses import replace

import pytest

from web.cluster.hosting.placing import HostState, place, relieve


def host(name: str, *, most: int = 100, streams: int = 0, busy: float = 0.0, unmeasured: int = 0) -> HostState:
    return HostState(id=name, most_streams=most, streams=streams, busy=busy, unmeasured=unmeasured)


def placed(hosts: list[HostState], count: int) -> dict[str, int]:
    """How many streams each has after so many more, none of which was measured."""
    known = {one.id: one for one in hosts}
    for _ in range(count):
        chosen = place(known.values())
        if chosen is not None:
            known[chosen] = known[chosen].given()
    return {name: state.streams for name, state in known.items()}


def test_there_is_none_without_hosts() -> None:
    assert place([]) is None


def test_hosts_that_are_alike_get_alike() -> None:
    assert placed([host("a"), host("b"), host("c")], 30) == {"a": 10, "b": 10, "c": 10}


def test_what_is_less_busy_is_preferred_however_many_streams_it_has() -> None:
    assert place([host("a", streams=10, busy=0.6), host("b", streams=60, busy=0.3)]) == "b"


def test_a_machine_twice_as_fast_gets_about_twice_as_many() -> None:
    slow, fast = host("slow", streams=10, busy=0.2), host("fast", streams=10, busy=0.1)
    given = placed([slow, fast], 40)
    assert 1.7 < given["fast"] / given["slow"] < 2.3


def test_none_gets_more_than_it_may_have() -> None:
    assert placed([host("a", most=3), host("b", most=2)], 10) == {"a": 3, "b": 2}


def test_a_host_that_streams_keep_busy_gets_no_more() -> None:
    assert place([host("a", streams=40, busy=0.91)]) is None
    assert host("a", streams=40, busy=0.8).room == 5


def test_streams_that_were_not_measured_yet_count_as_those_that_were() -> None:
    full = host("a", streams=45, busy=0.8, unmeasured=5)
    assert full.expected == pytest.approx(0.9)
    assert place([full]) is None


def test_a_measurement_counts_in_part_and_new_streams_are_forgotten_slowly() -> None:
    state = host("a", streams=10, busy=0.2).given(4)
    for _ in range(30):
        state = state.measured(0.28)
    assert state.busy == pytest.approx(0.28, abs=0.001)
    assert (state.streams, state.unmeasured) == (14, 0)
    assert host("a").given(10).measured(0.0).unmeasured == 7


def test_a_stream_that_leaves_takes_its_cost_with_it() -> None:
    state = host("a", streams=10, busy=0.5)
    for _ in range(10):
        state = state.left()
    assert (state.streams, state.unmeasured) == (0, 0)
    assert state.busy == pytest.approx(0.0)
    assert replace(state, busy=0.0).room > 0


def test_equals_are_told_apart_alike_whatever_their_order() -> None:
    hosts = [host("b"), host("a"), host("c")]
    assert place(hosts) == place(reversed(hosts)) == "a"


def test_a_stream_leaves_a_host_that_is_too_full_if_there_is_room_elsewhere() -> None:
    full = host("a", streams=40, busy=0.99)
    assert relieve([full, host("b", streams=20, busy=0.5)]) == "a"
    assert relieve([full, host("b", streams=38, busy=0.89)]) is None
    assert relieve([full, host("b", most=20, streams=20, busy=0.5)]) is None


def test_hosts_that_are_merely_unlike_are_left_alone() -> None:
    assert relieve([host("a", streams=40, busy=0.8), host("b")]) is None
    assert relieve([]) is None


def test_a_stream_that_keeps_a_host_busy_by_itself_stays() -> None:
    assert relieve([host("a", streams=1, busy=1.0), host("b")]) is None
