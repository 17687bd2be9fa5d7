"""The objects of deploy/kubernetes, and what their containers get."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tests.deploy.tools import DEPLOY, FILLED_IN, built

SECRETS = {
    "gorewatch": {
        "store": "postgresql://gorewatch:p0s7gre5@postgres.postgres/gorewatch",
        "bus": "nats://gorewatch:n4t5@nats.nats:4222",
        "signing-secret": FILLED_IN["SIGNING_SECRET"],
    },
    "gorewatch-ray": {"token": "t0k3n"},
}
"""What an operator puts into the secrets, by their names."""
PODS = ("gorewatch-service", "gorewatch-web", "gorewatch-keys")
RAY_PODS = ("ray-head", "host")
"""Of the folders `hosts` and `gpu-hosts` alone: those that KubeRay makes, by what they are."""
_KINDS = {"gorewatch-service": "StatefulSet", "gorewatch-web": "Deployment"}

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pod:
    spec: Object
    labels: Mapping[str, str]


def written(name: str) -> list[Object]:
    """Those of a file that is no part of a kustomization, or of a component."""
    return list(yaml.safe_load_all((DEPLOY / "kubernetes" / name).read_text()))


OBJECTS: Mapping[str, Callable[[], list[Object]]] = {
    "base": lambda: built("base"),
    "gpu": lambda: built("gpu"),
    "several": lambda: built("several"),
    "hosts": lambda: built("hosts"),
    "gpu-hosts": lambda: built("gpu-hosts"),
    "monitoring": lambda: written("monitoring/network-policy.yaml"),
    "keys": lambda: written("keys.yaml"),
}


def one(kind: str, name: str, folder: str = "base") -> Object:
    (found,) = [each for each in OBJECTS[folder]() if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


def group_of(name: str, folder: str = "hosts") -> Object:
    """What KubeRay makes the head, or hosts, of."""
    cluster = one("RayCluster", "gorewatch-hosts", folder)["spec"]
    (group,) = [cluster["headGroupSpec"]] if name == "ray-head" else cluster["workerGroupSpecs"]
    found: Object = group
    return found


def pod_of(name: str, folder: str = "base") -> Pod:
    if name == "gorewatch-keys":
        pod = one("Pod", name, "keys")
        return Pod(pod["spec"], pod["metadata"]["labels"])
    made_of = group_of(name, folder) if name in RAY_PODS else one(_KINDS[name], name, folder)["spec"]
    template = made_of["template"]
    return Pod(template["spec"], template["metadata"]["labels"])


def environment(container: Object, folder: str = "base", *, pod: str = "") -> dict[str, str]:
    """What a container gets, in a pod of that name."""
    found: dict[str, str] = {}
    for source in container.get("envFrom", []):
        found |= one("ConfigMap", source["configMapRef"]["name"], folder)["data"]
    return found | {variable["name"]: _value(variable, container, pod) for variable in container["env"]}


def _value(variable: Object, container: Object, pod: str) -> str:
    given = variable.get("valueFrom", {})
    if "secretKeyRef" in given:
        return SECRETS[given["secretKeyRef"]["name"]][given["secretKeyRef"]["key"]]
    if "resourceFieldRef" in given:
        which, _, resource = given["resourceFieldRef"]["resource"].partition(".")
        return str(container["resources"][which][resource])
    if given.get("fieldRef") == {"fieldPath": "metadata.name"}:
        return pod
    return str(variable["value"])
