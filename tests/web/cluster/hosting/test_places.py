"""Where hosts belong, of nodes as Ray tells them."""

from typing import Any

from web.cluster.hosting.places import places


def node(
    name: str, *, number: int = 1, alive: bool = True, labels: dict[str, str] | None = None, **resources: float
) -> dict[str, Any]:
    return {
        "NodeID": f"{number:08x}" + 48 * "f",
        "NodeName": name,
        "NodeManagerAddress": f"10.0.0.{number}",
        "NodeManagerHostname": f"machine{number}",
        "Alive": alive,
        "Resources": resources,
        "Labels": labels or {},
    }


def test_a_host_is_called_as_its_node_was_and_has_what_it_has() -> None:
    (place,) = places([node("one", CPU=8.0, streams=200.0, memory=1e9)], region="eu").values()
    assert (place.id, place.cpus, place.gpus, place.streams) == ("one", 8.0, 0, 200)


def test_a_node_without_room_for_streams_or_that_is_gone_has_none() -> None:
    assert (
        places([node("head", CPU=0.0), node("gone", number=2, alive=False, CPU=8.0, streams=200.0)], region="eu") == {}
    )


def test_a_node_that_was_not_named_is_called_by_its_machine() -> None:
    assert list(places([node("10.0.0.1", CPU=1.0, streams=5.0)], region="eu")) == ["machine1-00000001"]


def test_nodes_of_one_name_are_told_apart() -> None:
    found = places([node("a", number=number, CPU=1.0, streams=5.0) for number in (1, 2)], region="eu")
    assert sorted(found) == ["machine1-00000001", "machine2-00000002"]


def test_each_gpu_has_a_host_and_its_share() -> None:
    found = places([node("g", CPU=32.0, GPU=4.0, streams=1000.0)], region="eu")
    assert sorted(found) == ["g-0", "g-1", "g-2", "g-3"]
    assert {(place.cpus, place.gpus, place.streams) for place in found.values()} == {(8.0, 1, 250)}


def test_nodes_of_another_region_are_left_to_the_service_there() -> None:
    nodes = [
        node(name, number=number, labels={} if region is None else {"gorewatch-region": region}, CPU=1.0, streams=5.0)
        for number, (name, region) in enumerate((("a", "eu"), ("b", "us"), ("c", None)))
    ]
    assert set(places(nodes, region="eu")) == {"a", "c"}
    assert set(places(nodes, region="us")) == {"b", "c"}


def test_a_node_without_a_detector_has_a_host_that_borrows() -> None:
    found = places(
        [
            node("lent", CPU=2.0, streams=5.0, labels={"gorewatch-scorer": "borrowed"}),
            node("own", number=2, CPU=2.0, streams=5.0, labels={"ray.io/node-id": "f"}),
        ],
        region="eu",
    )
    assert {place.id: place.borrows for place in found.values()} == {"lent": True, "own": False}


def test_a_node_that_is_to_score_alone_has_a_scorer_for_each_gpu_as_far_as_it_is_to() -> None:
    found = places([node("g", CPU=8.0, GPU=4.0, scorers=2.0)], region="eu")
    assert sorted(found) == ["g-0", "g-1"]
    assert {(place.cpus, place.gpus, place.streams, place.lends) for place in found.values()} == {(4.0, 1, 0, True)}
    (place,) = places([node("c", CPU=8.0, scorers=3.0)], region="eu").values()
    assert (place.id, place.cpus, place.gpus, place.lends) == ("c", 8.0, 0, True)


def test_hosts_of_a_node_with_both_lend_their_detectors_and_do_not_borrow() -> None:
    labels = {"gorewatch-scorer": "borrowed"}
    found = places([node("g", CPU=8.0, GPU=2.0, streams=100.0, scorers=1.0, labels=labels)], region="eu")
    assert {place.id: (place.streams, place.lends, place.borrows) for place in found.values()} == {
        "g-0": (50, True, False),
        "g-1": (50, False, False),
    }
