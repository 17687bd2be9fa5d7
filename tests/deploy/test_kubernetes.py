"""deploy/kubernetes: built by kustomize, held against the API's schemas and against what its pods are to be."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from tests.deploy.manifests import OBJECTS, PODS, RAY_PODS, environment, one, pod_of
from tests.deploy.settings import loaded
from tests.deploy.tools import DEPLOY, built
from web.settings import Settings

_VERSIONS = ("1.30", "1.37")
_RESTRICTED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
_MB = 1_000_000


def settings_of(name: str, monkeypatch: pytest.MonkeyPatch, folder: str = "base") -> Settings:
    (container,) = pod_of(name, folder).spec["containers"]
    return loaded(monkeypatch, environment(container, folder))


@pytest.mark.parametrize("version", _VERSIONS)
@pytest.mark.parametrize("folder", OBJECTS)
def test_every_object_is_what_the_api_takes(folder: str, version: str) -> None:
    for each in OBJECTS[folder]():
        if each["kind"] == "RayCluster":
            # Of it the API knows the pods alone.
            for name in RAY_PODS:
                pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": pod_of(name, folder).spec}
                kubernetes_validate.validate(pod, version, strict=True)
        else:
            kubernetes_validate.validate(each, version, strict=True)


def test_all_is_in_a_namespace_that_takes_restricted_pods_alone() -> None:
    labels = one("Namespace", "gorewatch")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    for folder, objects in OBJECTS.items():
        for each in objects():
            assert each["kind"] == "Namespace" or each["metadata"]["namespace"] == "gorewatch", folder
            assert each["kind"] != "Secret", "secrets are the operator's"


@pytest.mark.parametrize(
    ("name", "folder"),
    [*((name, "base") for name in PODS), *((name, "hosts") for name in ("gorewatch-service", *RAY_PODS))],
)
def test_each_pod_is_a_restricted_one(name: str, folder: str) -> None:
    spec = pod_of(name, folder).spec
    security = spec["securityContext"]
    assert (security["runAsNonRoot"], security["runAsUser"], security["runAsGroup"]) == (True, 10001, 10001)
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not spec.keys() & {"hostNetwork", "hostPID", "hostIPC", "initContainers"}
    assert spec["automountServiceAccountToken"] is False
    # A Service named gorewatch would set GOREWATCH_PORT, which is a setting.
    assert spec["enableServiceLinks"] is False
    (container,) = spec["containers"]
    assert container["securityContext"] == _RESTRICTED
    assert all("hostPort" not in port for port in container.get("ports", []))
    resources = container["resources"]
    assert resources["requests"].keys() >= {"cpu", "memory"}
    assert resources["limits"].keys() >= {"cpu", "memory", "ephemeral-storage"}
    written = {mount["mountPath"] for mount in container["volumeMounts"]}
    shared = {"/dev/shm"} if folder == "hosts" else set()
    assert written == {"/tmp"} | shared | ({"/var/lib/gorewatch"} if name == "gorewatch-service" else set())
    for volume in spec.get("volumes", []):
        assert volume["emptyDir"]["sizeLimit"]


@pytest.mark.parametrize("folder", ["base", "gpu", "hosts", "gpu-hosts"])
@pytest.mark.parametrize("name", PODS)
def test_every_variable_is_a_setting_with_a_good_value(name: str, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(name, monkeypatch, folder)
    assert settings.store is not None
    assert settings.store.startswith("postgresql://")
    if name == "gorewatch-keys":
        return
    assert settings.bus.startswith("nats://")
    assert (settings.public_hosts, settings.public_url) == (("watch.example.org",), "https://watch.example.org")
    of_web = name == "gorewatch-web"
    service = one("Service", "gorewatch-service")
    assert settings.upstream == (
        (f"http://{service['metadata']['name']}:{service['spec']['ports'][0]['port']}",) if of_web else ()
    )
    assert settings.send_webhooks != of_web, "whose pods may go out to no receiver"
    on_gpu = folder == "gpu" and not of_web
    assert settings.provider == ("cuda" if on_gpu else "auto")
    assert settings.decoder == ("cpu" if of_web or folder in ("base", "hosts") else "auto")
    assert settings.engine == ("local" if of_web or folder in ("base", "gpu") else "ray")
    (container,) = pod_of(name, folder).spec["containers"]
    assert container["image"].endswith("-cuda" if folder.startswith("gpu") else "-cpu")
    assert ("nvidia.com/gpu" in container["resources"]["limits"]) == on_gpu


def test_each_of_several_services_has_a_region_and_web_nodes_know_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    name, folder = "gorewatch-service", "several"
    stated = one("StatefulSet", name, folder)["spec"]
    assert stated["volumeClaimTemplates"], "each has a data folder of its own"
    pods = [f"{name}-{number}" for number in range(stated["replicas"])]
    (container,) = pod_of(name, folder).spec["containers"]
    regions = [loaded(monkeypatch, environment(container, folder, pod=pod)).region for pod in pods]
    assert regions == pods
    found = one("Service", name, folder)["spec"]
    assert (found["clusterIP"], found["publishNotReadyAddresses"]) == ("None", True), "so that each pod has a name"
    port = found["ports"][0]["port"]
    upstream = settings_of("gorewatch-web", monkeypatch, folder).upstream
    assert upstream == tuple(f"http://{pod}.{stated['serviceName']}:{port}" for pod in pods)
    budget = one("PodDisruptionBudget", name, folder)["spec"]
    assert budget["minAvailable"] == len(pods) - 1
    assert budget["selector"]["matchLabels"].items() <= pod_of(name, folder).labels.items()


def test_the_secrets_have_what_the_readme_makes() -> None:
    made = {
        (secret, key)
        for secret, keys in re.findall(
            r"create secret generic (\S+)((?:\s|\\\n|--from-literal=\S+?='[^']*'|--from-literal=\S+?=\"[^\"]*\")+)",
            (DEPLOY / "README.md").read_text(),
        )
        for key in re.findall(r"--from-literal=([a-z-]+)=", keys)
    }
    asked = set()
    for name, folder in ((name, "hosts" if name != "gorewatch-keys" else "keys") for name in (*PODS, *RAY_PODS)):
        (container,) = pod_of(name, folder).spec["containers"]
        asked |= {
            (variable["valueFrom"]["secretKeyRef"]["name"], variable["valueFrom"]["secretKeyRef"]["key"])
            for variable in container["env"]
            if "secretKeyRef" in variable.get("valueFrom", {})
        }
    assert asked == made


@pytest.mark.parametrize("name", ["gorewatch-service", "gorewatch-web"])
def test_probes_ask_what_they_are_for(name: str) -> None:
    (container,) = pod_of(name).spec["containers"]
    asked = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
    assert [one["path"] for one in asked.values()] == ["/healthz", "/healthz", "/readyz"]
    assert {one["port"] for one in asked.values()} == {"http"}
    assert container["ports"] == [{"name": "http", "containerPort": 8080}]


@pytest.mark.parametrize("folder", ["base", "hosts"])
def test_there_is_one_service_and_its_workers_have_their_memory(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert one("StatefulSet", "gorewatch-service", folder)["spec"]["replicas"] == 1
    (container,) = pod_of("gorewatch-service", folder).spec["containers"]
    settings = settings_of("gorewatch-service", monkeypatch, folder)
    limits = container["resources"]["limits"]
    assert environment(container)["PYTHON_CPU_COUNT"] == limits["cpu"], "of which there is a decoder process each"
    assert int(limits["cpu"]) * settings.limits.worker_memory_mb * _MB + 1500 * _MB < bytes_of(limits["memory"])
    (tmp,) = [one for one in pod_of("gorewatch-service", folder).spec["volumes"] if one["name"] == "tmp"]
    assert bytes_of(tmp["emptyDir"]["sizeLimit"]) < bytes_of(limits["ephemeral-storage"])


def bytes_of(quantity: str) -> int:
    return int(quantity.removesuffix("Gi")) * 1024**3


def test_what_points_at_pods_finds_them() -> None:
    for kind, name, wanted in (
        ("Service", "gorewatch", "gorewatch-web"),
        ("Service", "gorewatch-service", "gorewatch-service"),
        ("PodDisruptionBudget", "gorewatch-web", "gorewatch-web"),
    ):
        selector = one(kind, name)["spec"]["selector"]
        assert selected(selector.get("matchLabels", selector)) == [wanted]
    for kind, name in (("StatefulSet", "gorewatch-service"), ("Deployment", "gorewatch-web")):
        assert selected(one(kind, name)["spec"]["selector"]["matchLabels"]) == [name]
    assert one("StatefulSet", "gorewatch-service")["spec"]["serviceName"] == "gorewatch-service"
    scaled = one("HorizontalPodAutoscaler", "gorewatch-web")["spec"]["scaleTargetRef"]
    assert (scaled["kind"], scaled["name"]) == ("Deployment", "gorewatch-web")
    assert "replicas" not in one("Deployment", "gorewatch-web")["spec"], "else each apply would undo the autoscaler's"


def selected(labels: Mapping[str, Any]) -> list[str]:
    return [name for name in PODS if labels.items() <= pod_of(name).labels.items()]


def test_the_ingress_leads_to_the_nodes_by_the_name_that_they_go_by(monkeypatch: pytest.MonkeyPatch) -> None:
    ingress = one("Ingress", "gorewatch")
    (rule,) = ingress["spec"]["rules"]
    assert settings_of("gorewatch-web", monkeypatch).public_hosts == (rule["host"],)
    (path,) = rule["http"]["paths"]
    assert path["backend"]["service"] == {"name": "gorewatch", "port": {"name": "http"}}
    told = {name.rpartition("/")[2]: value for name, value in ingress["metadata"]["annotations"].items()}
    assert (told["proxy-body-size"], told["proxy-buffering"], told["proxy-request-buffering"]) == ("0", "off", "off")


def test_the_keys_are_made_with_the_image_that_runs() -> None:
    (made,), (runs,) = (pod_of(name).spec["containers"] for name in ("gorewatch-keys", "gorewatch-web"))
    assert made["image"] == runs["image"]
    assert len(built("base")) == len(OBJECTS["base"]())


def test_the_component_for_prometheus_adds_its_policy(tmp_path: Path) -> None:
    folder = DEPLOY / "kubernetes"
    base, component = (os.path.relpath(folder / name, tmp_path) for name in ("base", "monitoring"))
    (tmp_path / "kustomization.yaml").write_text(json.dumps({"resources": [base], "components": [component]}))
    names = [each["metadata"]["name"] for each in built(str(tmp_path)) if each["kind"] == "NetworkPolicy"]
    assert names == sorted(
        [*(each["metadata"]["name"] for each in built("base") if each["kind"] == "NetworkPolicy"), "monitoring"]
    )
