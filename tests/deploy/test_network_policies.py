"""Who may speak to whom by the network policies of deploy/kubernetes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from stream.egress import permitted
from tests.deploy.manifests import OBJECTS, RAY_PODS, environment, pod_of
from tests.deploy.settings import loaded

_SERVICE, _WEB, _KEYS = "gorewatch-service", "gorewatch-web", "gorewatch-keys"
_HEAD, _HOST = RAY_PODS
_NODES = (_SERVICE, _HEAD, _HOST)
_RAY_PORTS = (6379, 6380, 6381, 20000, 20999)


@dataclass(frozen=True, slots=True)
class Somebody:
    """In another namespace, or none of the cluster's pods where there is an address alone."""

    namespace: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    address: str = ""


_INGRESS, _NATS, _POSTGRES = Somebody("ingress-nginx"), Somebody("nats"), Somebody("postgres")
_MONITORING, _STRANGER = Somebody("monitoring"), Somebody("default")
_DNS = Somebody("kube-system", (("k8s-app", "kube-dns"),))
_WORLD, _METADATA = Somebody(address="8.8.8.8"), Somebody(address="169.254.169.254")

Peer = Somebody | str


def policies(*folders: str) -> list[dict[str, Any]]:
    return [one for folder in folders for one in OBJECTS[folder]() if one["kind"] == "NetworkPolicy"]


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    for expression in selector.get("matchExpressions", []):
        assert expression["operator"] == "In"
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return bool(selector.get("matchLabels", {}).items() <= labels.items())


def labels_of(name: str) -> Mapping[str, str]:
    return pod_of(name, "hosts" if name in RAY_PODS else "base").labels


def is_meant(peer: Mapping[str, Any], somebody: Peer) -> bool:
    if "ipBlock" in peer:
        if isinstance(somebody, str) or not somebody.address:
            return False
        address = ip_address(somebody.address)
        excepted = peer["ipBlock"].get("except", [])
        return address in ip_network(peer["ipBlock"]["cidr"]) and not any(
            address in ip_network(one) for one in excepted
        )
    if isinstance(somebody, str):
        return "namespaceSelector" not in peer and matches(peer["podSelector"], labels_of(somebody))
    namespace = {"kubernetes.io/metadata.name": somebody.namespace}
    inside = "namespaceSelector" in peer and matches(peer["namespaceSelector"], namespace)
    return inside and matches(peer.get("podSelector", {}), dict(somebody.labels))


def rules(name: str, direction: str, *folders: str) -> Iterator[Mapping[str, Any]]:
    for policy in policies(*folders):
        spec = policy["spec"]
        if matches(spec["podSelector"], labels_of(name)) and direction.capitalize() in spec["policyTypes"]:
            yield from spec.get(direction, [])


def may(name: str, direction: str, somebody: Peer, protocol: str, port: int, *folders: str) -> bool:
    """Whether a pod of ours may be spoken to by somebody (`ingress`), or speak to them (`egress`)."""
    side = "from" if direction == "ingress" else "to"
    for rule in rules(name, direction, *(folders or ("base",))):
        ports = rule.get("ports", [{"protocol": protocol, "port": port}])
        right_port = any(
            one["protocol"] == protocol and one["port"] <= port <= one.get("endPort", one["port"]) for one in ports
        )
        if right_port and (side not in rule or any(is_meant(peer, somebody) for peer in rule[side])):
            return True
    return False


@pytest.mark.parametrize(
    ("name", "folder"),
    [(_SERVICE, "base"), (_WEB, "base"), (_KEYS, "base"), (_SERVICE, "hosts"), (_HEAD, "hosts"), (_HOST, "hosts")],
)
def test_nothing_is_let_through_that_no_rule_names(name: str, folder: str) -> None:
    bare = [one for one in policies(folder) if not one["spec"]["podSelector"]]
    assert [one["spec"] for one in bare] == [{"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}]
    for direction in ("ingress", "egress"):
        assert not may(name, direction, _STRANGER, "TCP", 8080, folder)


def test_the_service_is_spoken_to_by_nodes_and_by_who_publishes() -> None:
    assert may(_SERVICE, "ingress", _WEB, "TCP", 8080)
    assert may(_WEB, "egress", _SERVICE, "TCP", 8080)
    for somebody in (_INGRESS, _STRANGER, _MONITORING, _WORLD, _KEYS):
        assert not may(_SERVICE, "ingress", somebody, "TCP", 8080)
    assert may(_SERVICE, "ingress", _WORLD, "UDP", 50000)


def test_webrtc_is_let_in_at_the_ports_that_it_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    (container,) = pod_of(_SERVICE).spec["containers"]
    ports = loaded(monkeypatch, environment(container)).ice.ports
    assert ports is not None
    open_at = [port for port in range(49000, 51000) if may(_SERVICE, "ingress", _WORLD, "UDP", port)]
    assert (open_at[0], open_at[-1], len(open_at)) == (*ports, ports[1] - ports[0] + 1)


def test_nodes_are_spoken_to_by_the_ingress_alone_and_go_nowhere() -> None:
    assert may(_WEB, "ingress", _INGRESS, "TCP", 8080)
    for somebody in (_SERVICE, _STRANGER, _WORLD, _MONITORING):
        assert not may(_WEB, "ingress", somebody, "TCP", 8080)
    for somebody in (_WORLD, _METADATA):
        assert not may(_WEB, "egress", somebody, "TCP", 443)


def test_all_reach_what_they_need_and_keys_no_more_than_the_store() -> None:
    for name in (_SERVICE, _WEB, _KEYS):
        assert may(name, "egress", _DNS, "UDP", 53)
        assert may(name, "egress", _POSTGRES, "TCP", 5432)
        assert may(name, "egress", _NATS, "TCP", 4222) == (name != _KEYS)
        assert not may(name, "egress", _POSTGRES, "TCP", 22)
    assert not may(_KEYS, "egress", _WORLD, "TCP", 443)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "2606:4700::1111",
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.1.1",
        "fd00::1",
        "::1",
    ],
)
def test_the_service_goes_where_its_own_check_lets_it(address: str) -> None:
    assert may(_SERVICE, "egress", Somebody(address=address), "TCP", 443) == permitted(ip_address(address), [])


def test_prometheus_is_let_in_by_the_component_that_says_so() -> None:
    for name in (_SERVICE, _WEB):
        assert may(name, "ingress", _MONITORING, "TCP", 8080, "base", "monitoring")
    assert not may(_KEYS, "ingress", _MONITORING, "TCP", 8080, "base", "monitoring")


def test_rays_ports_are_for_its_nodes_alone() -> None:
    for name in _NODES:
        for port in _RAY_PORTS:
            for other in _NODES:
                assert may(name, "ingress", other, "TCP", port, "hosts")
                assert may(name, "egress", other, "TCP", port, "hosts")
            for somebody in (_WEB, _KEYS, _INGRESS, _STRANGER, _MONITORING, _NATS, _WORLD):
                assert not may(name, "ingress", somebody, "TCP", port, "hosts")
    for name in (_WEB, _KEYS):
        assert not may(name, "egress", _HEAD, "TCP", 6379, "hosts")


def test_hosts_and_head_reach_neither_the_store_nor_the_bus_nor_the_services_own_port() -> None:
    for name in (_HEAD, _HOST):
        assert may(name, "egress", _DNS, "UDP", 53, "hosts")
        assert not may(name, "egress", _POSTGRES, "TCP", 5432, "hosts")
        assert not may(name, "egress", _NATS, "TCP", 4222, "hosts")
        assert not may(name, "egress", _SERVICE, "TCP", 8080, "hosts")
        assert not may(_SERVICE, "ingress", name, "TCP", 8080, "hosts")
        assert not may(name, "egress", _METADATA, "TCP", 80, "hosts")


def test_hosts_go_where_the_service_goes_and_the_head_nowhere() -> None:
    for address in ("8.8.8.8", "2606:4700::1111", "10.0.0.1", "169.254.169.254", "100.64.1.1", "fd00::1"):
        somewhere = Somebody(address=address)
        assert may(_HOST, "egress", somewhere, "TCP", 443, "hosts") == permitted(ip_address(address), [])
        assert not may(_HEAD, "egress", somewhere, "TCP", 443, "hosts")


def test_publishers_reach_hosts_at_the_ports_that_the_service_tells_them(monkeypatch: pytest.MonkeyPatch) -> None:
    (container,) = pod_of(_SERVICE, "hosts").spec["containers"]
    ports = loaded(monkeypatch, environment(container, "hosts")).ice.ports
    assert ports is not None
    open_at = [port for port in range(49000, 51000) if may(_HOST, "ingress", _WORLD, "UDP", port, "hosts")]
    assert (open_at[0], open_at[-1], len(open_at)) == (*ports, ports[1] - ports[0] + 1)
    assert not may(_HEAD, "ingress", _WORLD, "UDP", ports[0], "hosts")
