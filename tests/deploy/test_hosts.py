"""deploy/kubernetes/hosts: a Ray cluster for KubeRay, whose schema is not at hand. Bash and Ray read what it says."""

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ray.autoscaler._private.kuberay.autoscaling_config import (
    _generate_available_node_types_from_ray_cr_spec,  # what Ray's autoscaler takes a RayCluster for
)
from ray.scripts.scripts import start

from tests.deploy.manifests import RAY_PODS, environment, group_of, one, pod_of
from tests.deploy.settings import loaded
from tests.deploy.tools import ROOT, built

_MB = 1 << 20


def line_of(name: str, folder: str = "hosts") -> str:
    """What KubeRay has bash do: a switch for what is true, and values as they stand."""
    words = [
        "ray start",
        *(["--head"] if name == "ray-head" else ["--address=gorewatch-hosts-head-svc:6379"]),
        "--block",
    ]
    for option, value in group_of(name, folder)["rayStartParams"].items():
        words.append(f"--{option}" if value == "true" else f"--{option}={value}")
    return " ".join(words)


def service_line() -> str:
    (container,) = pod_of("gorewatch-service", "hosts").spec["containers"]
    assert container["command"] == ["/usr/bin/tini", "--", "/bin/bash", "-c"]
    (line,) = container["args"]
    return str(line)


def understood(line: str, tmp_path: Path) -> dict[str, Any]:
    """What `ray start` takes from a line of bash's, with a program in Ray's place."""
    program = tmp_path / "ray"
    program.write_text('#!/bin/bash\nprintf "%s\\0" "$@"\n')
    program.chmod(0o755)
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(["/bin/bash", "-c", line], env=environ, capture_output=True, text=True, check=True)
    first, *words = done.stdout.split("\0")[:-1]
    assert first == "start"
    return dict(start.make_context("ray start", words).params)


@pytest.mark.parametrize("folder", ["hosts", "gpu-hosts"])
def test_ray_understands_how_each_node_is_started(folder: str, tmp_path: Path) -> None:
    for name in RAY_PODS:
        params = group_of(name, folder)["rayStartParams"]
        assert all(isinstance(value, str) for value in params.values()), "KubeRay takes strings alone"
        # "false" would leave the option away, but for this one.
        assert [option for option, value in params.items() if value == "false"] in ([], ["include-dashboard"])
    head = understood(line_of("ray-head", folder), tmp_path)
    assert (head["head"], head["num_cpus"], head["num_gpus"], head["port"]) == (True, 0, 0, 6379)
    assert (head["include_dashboard"], json.loads(head["resources"])) == (False, {})
    host = understood(line_of("host", folder), tmp_path)
    assert json.loads(host["resources"]) == {"streams": 100}
    assert "$" not in host["node_name"]
    assert host["num_gpus"] == (1 if folder == "gpu-hosts" else 0)


def test_the_service_joins_as_a_node_that_runs_nothing_and_hands_on_no_secret(tmp_path: Path) -> None:
    begin, _, then = service_line().partition(" && ")
    assert then == "exec gorewatch serve", "signals reach it"
    asked = understood(begin, tmp_path)
    assert (asked["num_cpus"], asked["num_gpus"], json.loads(asked["resources"])) == (0, 0, {})
    assert asked["address"] == f"{one('RayCluster', 'gorewatch-hosts', 'hosts')['metadata']['name']}-head-svc:6379"
    (container,) = pod_of("gorewatch-service", "hosts").spec["containers"]
    secret = {
        variable["name"]
        for variable in container["env"]
        if variable.get("valueFrom", {}).get("secretKeyRef", {}).get("name") == "gorewatch"
    }
    assert set(re.findall(r"-u (\S+)", begin)) == secret


def test_nodes_use_the_ports_that_they_are_let_in_at(tmp_path: Path) -> None:
    policy = one("NetworkPolicy", "ray", "hosts")["spec"]
    (rule,) = policy["ingress"]
    let_in = {(port["port"], port["endPort"]) for port in rule["ports"]}
    lines = [line_of(name) for name in RAY_PODS] + [service_line().partition(" && ")[0]]
    for line in lines:
        asked = understood(line, tmp_path)
        assert let_in == {
            (6379, asked["object_manager_port"]),
            (asked["min_worker_port"], asked["max_worker_port"]),
        }
        assert asked["node_manager_port"] == 6380
        assert asked["disable_usage_stats"]


@pytest.mark.parametrize("folder", ["hosts", "gpu-hosts"])
def test_hosts_have_what_ray_and_their_workers_are_told_that_they_have(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = one("RayCluster", "gorewatch-hosts", folder)["spec"]
    known = _generate_available_node_types_from_ray_cr_spec(spec)
    (group,) = [each for name, each in known.items() if each["resources"].get("streams")]
    limits = pod_of("host", folder).spec["containers"][0]["resources"]["limits"]
    assert group["resources"]["CPU"] == int(limits["cpu"])
    assert group["resources"].get("GPU", 0) == limits.get("nvidia.com/gpu", 0)
    assert (group["min_workers"], group["max_workers"]) == (3, 10)
    (service,) = pod_of("gorewatch-service", folder).spec["containers"]
    settings = loaded(monkeypatch, environment(service, folder))
    gib = int(limits["memory"].removesuffix("Gi")) << 30
    assert int(limits["cpu"]) * settings.limits.worker_memory_mb * 1_000_000 + 2000 * _MB < gib


@pytest.mark.parametrize("folder", ["hosts", "gpu-hosts"])
def test_every_node_is_of_one_image_and_version_and_asks_for_the_token(folder: str) -> None:
    assert (
        f"ray=={one('RayCluster', 'gorewatch-hosts', folder)['spec']['rayVersion']}\n"
        in (ROOT / "constraints.txt").read_text()
    )
    images = set()
    for name in ("gorewatch-service", *RAY_PODS):
        # KubeRay takes the first container for Ray's.
        container = pod_of(name, folder).spec["containers"][0]
        images.add(container["image"])
        given = environment(container, folder)
        assert (given["RAY_AUTH_MODE"], given["RAY_AUTH_TOKEN"]) == ("token", "t0k3n")
        assert given["RAY_USAGE_STATS_ENABLED"] == "0"
        assert (name == "gorewatch-service") == any(variable.startswith("GOREWATCH_") for variable in given)
    assert len(images) == 1


def test_what_asks_whether_nodes_live_asks_ray_and_needs_no_program() -> None:
    for name, port in (("ray-head", 6379), ("host", 6380)):
        (container,) = pod_of(name, "hosts").spec["containers"]
        for kind in ("startup", "liveness", "readiness"):
            assert container[f"{kind}Probe"]["tcpSocket"]["port"] in (port, 6380)


def test_one_host_at_a_time_may_be_taken_away_and_the_head_not_at_all() -> None:
    budgets = {
        each["metadata"]["name"]: each["spec"] for each in built("hosts") if each["kind"] == "PodDisruptionBudget"
    }
    hosts, head = budgets["gorewatch-hosts"], budgets["gorewatch-ray-head"]
    assert hosts["minAvailable"] == group_of("host")["replicas"] - 1
    assert hosts["selector"]["matchLabels"] == pod_of("host", "hosts").labels
    assert (head["minAvailable"], head["selector"]["matchLabels"]) == (1, pod_of("ray-head", "hosts").labels)
    for spread in pod_of("host", "hosts").spec["topologySpreadConstraints"]:
        assert spread["labelSelector"]["matchLabels"] == pod_of("host", "hosts").labels


def test_what_hosts_are_started_anew_by_ends_them_within_their_time() -> None:
    spec = pod_of("host", "hosts").spec
    words = spec["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
    assert shlex.join(words[:2]) == "ray stop"
    assert int(words[-1]) < spec["terminationGracePeriodSeconds"]
