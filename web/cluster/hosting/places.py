"""Where hosts and scorers belong, of the nodes of a cluster as Ray tells them. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

STREAMS = "streams"
"""A resource of a node: how many streams it may watch."""
SCORERS = "scorers"
"""A resource of a node: how many of its detectors score for nodes that have none."""
_SCORER, _BORROWED = "gorewatch-scorer", "borrowed"
"""A label of a node whose host has no detector."""
_REGION = "gorewatch-region"
"""A label of a node that is for one service, of several: `ray start --labels gorewatch-region=eu`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Room for a host on a node, or for a scorer alone."""

    id: str
    node_id: str
    cpus: float
    gpus: int
    streams: int
    """That a host may watch there; 0 where there is none, and its detector scores for others alone."""
    lends: bool = False
    """Its detector scores for others, too."""
    borrows: bool = False
    """It has no detector."""


def places(nodes: Iterable[Mapping[str, Any]], *, region: str) -> dict[str, Place]:
    """By their ids: a host on each node that has `streams`, or one a GPU; scorers alone where it has only `scorers`.

    Each is called as its node was (`ray start --node-name`), or else by its machine. A node that lends does not borrow.
    Nodes whose label `gorewatch-region` names another region are left to the service there.
    """
    ours = (node for node in nodes if node["Alive"] and node.get("Labels", {}).get(_REGION, region) == region)
    used = [node for node in ours if max(_streams(node), _scorers(node)) >= 1]
    given = Counter(node["NodeName"] for node in used)
    return {place.id: place for node in used for place in _of_node(node, alone=given[node["NodeName"]] == 1)}


def _of_node(node: Mapping[str, Any], *, alone: bool) -> Iterable[Place]:
    streams, scorers, gpus = _streams(node), _scorers(node), int(node["Resources"].get("GPU", 0))
    parts = max(min(gpus, streams or scorers), 1)
    name = node["NodeName"]
    if name == node["NodeManagerAddress"] or not alone:
        name = f"{node['NodeManagerHostname']}-{node['NodeID'][:8]}"
    for part in range(parts):
        yield Place(
            id=name if parts == 1 else f"{name}-{part}",
            node_id=node["NodeID"],
            cpus=float(node["Resources"].get("CPU", 0)) / parts,
            gpus=min(gpus, 1),
            streams=streams // parts,
            lends=part < scorers,
            borrows=not scorers and node.get("Labels", {}).get(_SCORER) == _BORROWED,
        )


def _streams(node: Mapping[str, Any]) -> int:
    return int(node["Resources"].get(STREAMS, 0))


def _scorers(node: Mapping[str, Any]) -> int:
    return int(node["Resources"].get(SCORERS, 0))
