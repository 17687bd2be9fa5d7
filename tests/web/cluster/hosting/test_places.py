"""Where hosts belong, of nodes as Ray tells them."""

from typing import Any

from web.cluster.hosting.places import places


def node(name: str, *, number: int = 1, alive: bool = True, **resources: float) -> dict[str, Any]:
    return {
        "NodeID": f"{number:08x}" + 48 * "f",
        "NodeName": name,
        "NodeManagerAddress": f"10.0.0.{number}",
        "NodeManagerHostname": f"machine{number}",
        "Alive": alive,
        "Resources": resources,
    }


def test_a_host_is_called_as_its_node_was_and_has_what_it_has() -> None:
    (place,) = places([node("one", CPU=8.0, streams=200.0, memory=1e9)]).values()
    assert (place.id, place.cpus, place.gpus, place.streams) == ("one", 8.0, 0, 200)


def test_a_node_without_room_for_streams_or_that_is_gone_has_none() -> None:
    assert places([node("head", CPU=0.0), node("gone", number=2, alive=False, CPU=8.0, streams=200.0)]) == {}


def test_a_node_that_was_not_named_is_called_by_its_machine() -> None:
    assert list(places([node("10.0.0.1", CPU=1.0, streams=5.0)])) == ["machine1-00000001"]


def test_nodes_of_one_name_are_told_apart() -> None:
    found = places([node("a", number=number, CPU=1.0, streams=5.0) for number in (1, 2)])
    assert sorted(found) == ["machine1-00000001", "machine2-00000002"]


def test_each_gpu_has_a_host_and_its_share() -> None:
    found = places([node("g", CPU=32.0, GPU=4.0, streams=1000.0)])
    assert sorted(found) == ["g-0", "g-1", "g-2", "g-3"]
    assert {(place.cpus, place.gpus, place.streams) for place in found.values()} == {(8.0, 1, 250)}
