"""The service as a whole, with fakes for model, scorer and workers: how it starts, and the order in which it ends."""

import asyncio
import os
import re
import signal
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Self

import aiohttp
import pytest
from aiohttp import web as aioweb

from inference.events import Event, MediaFinished
from stream.options import SourceOptions
from stream.sample import State
from tests.web.fakes import FakePool, FakeScorer, FakeSource
from tests.web.serving import DETECTOR, new_key, parts_of_a_service, settings_of
from web import app
from web import front as front_module
from web.access.access import Access
from web.app import NamedSource, serve, service
from web.delivery.hub import Hub
from web.delivery.opening import Webhooks, open_webhooks
from web.front import Service, front
from web.jobs.jobs import Jobs
from web.settings import ConfigError, Settings
from web.store import keys
from web.store.sole import open_sole_store
from web.store.store import Store, open_store

DOCUMENT = Path(__file__).parents[2] / "docs" / "operations.md"
CAMERA = NamedSource(name="door", url="rtsp://camera.example/1")


@asynccontextmanager
async def fronted(pool: FakePool) -> AsyncIterator[Service]:
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_of(data_dir=folder)
        async with (
            parts_of_a_service() as (store, access),
            front(settings, store=store, access=access, pool=pool, scorer=FakeScorer(), detector=DETECTOR) as running,
        ):
            yield running


class Steps:
    """What happened, in order, each step once."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def __call__(self, step: str) -> None:
        if step not in self.taken:
            self.taken.append(step)


class Source(FakeSource):
    def __init__(self, options: SourceOptions, steps: Steps) -> None:
        super().__init__(options)
        self._steps = steps

    async def aclose(self) -> None:
        self._steps("Close the sources")
        await super().aclose()


class Pool(FakePool):
    def __init__(self, steps: Steps) -> None:
        super().__init__()
        self.steps = steps
        self.new_source = lambda options: Source(options, steps)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.steps("End the workers")


class Scorer(FakeScorer):
    def __init__(self, steps: Steps) -> None:
        self.steps = steps

    def start(self) -> None:
        pass

    async def ready(self) -> None:
        pass

    async def aclose(self, deadline_s: float) -> None:
        self.steps("Drain the scorer")


class Model:
    provider = "cpu"
    variant = "fp32"
    has_map = True
    manifest = SimpleNamespace(name="m", version="1", input=SimpleNamespace(width=224, height=224))

    def __init__(self, steps: Steps) -> None:
        self.steps = steps

    def close(self) -> None:
        self.steps("Release the model")


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    """The steps of the services that the test runs; their heavy parts are replaced."""
    steps = Steps()
    monkeypatch.setattr(app, "Model", SimpleNamespace(load=lambda *_, **__: Model(steps)))
    monkeypatch.setattr(app, "Scorer", lambda *_, **__: Scorer(steps))
    monkeypatch.setattr(app, "WorkerPool", lambda *_, **__: Pool(steps))

    @asynccontextmanager
    async def open_and_note(url: str, *, region: str, sharing: bool) -> AsyncIterator[Store]:
        try:
            async with open_sole_store(url, region=region, sharing=sharing) as store:
                yield store
        finally:
            steps("Close the store")

    @asynccontextmanager
    async def send_and_note(settings: Settings, store: Store, access: Access) -> AsyncIterator[Webhooks]:
        async with open_webhooks(settings, store, access) as webhooks:
            yield webhooks
            steps("Send no more callbacks")

    async def leave_jobs(self: Jobs) -> None:
        steps("Leave the jobs")
        await leave(self)

    leave = Jobs.aclose
    monkeypatch.setattr(Jobs, "aclose", leave_jobs)
    monkeypatch.setattr(front_module, "open_webhooks", send_and_note)
    monkeypatch.setattr(app, "open_sole_store", open_and_note)
    stop, cleanup, aclose, publish = aioweb.TCPSite.stop, aioweb.AppRunner.cleanup, Hub.aclose, Hub.publish

    async def stop_listening(self: aioweb.TCPSite) -> None:
        steps("Stop listening")
        await stop(self)

    async def end_requests(self: aioweb.AppRunner) -> None:
        steps("End the requests")
        await cleanup(self)

    async def close_subscribers(self: Hub) -> None:
        steps("Close the subscribers")
        await aclose(self)

    def publish_and_note(self: Hub, stream_id: str, media_id: str, event: Event, *, owner: str | None = None) -> None:
        if isinstance(event, MediaFinished):
            steps("Finish every media")
        publish(self, stream_id, media_id, event, owner=owner)

    monkeypatch.setattr(aioweb.TCPSite, "stop", stop_listening)
    monkeypatch.setattr(aioweb.AppRunner, "cleanup", end_requests)
    monkeypatch.setattr(Hub, "aclose", close_subscribers)
    monkeypatch.setattr(Hub, "publish", publish_and_note)
    return steps


async def test_the_service_ends_in_the_order_that_the_document_gives(steps: Steps, tmp_path: Path) -> None:
    async with service(settings_of(data_dir=tmp_path)) as running:
        app.add_sources(running.registry, [CAMERA], settings_of(data_dir=tmp_path))
        (stream,) = running.registry
    assert stream.state is State.ENDED
    documented = re.findall(r"^\d+\. \*\*(.+?)\.\*\*", DOCUMENT.read_text(), flags=re.MULTILINE)
    assert steps.taken == documented


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_serve_says_its_address_and_runs_until_a_signal(
    steps: Steps, tmp_path: Path, number: signal.Signals
) -> None:
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(settings_of(data_dir=tmp_path), [CAMERA], ready=told.set_result))
    url = await asyncio.wait_for(told, 10)
    async with aiohttp.ClientSession() as http, http.get(f"{url}/v1/streams") as response:
        (stream,) = (await response.json())["streams"]
    assert (stream["name"], stream["state"]) == ("door", "connecting")
    os.kill(os.getpid(), number)
    await asyncio.wait_for(serving, 10)
    assert steps.taken[-1] == "Close the store"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "some-name"])
async def test_without_a_key_other_machines_are_not_served(steps: Steps, tmp_path: Path, host: str) -> None:
    with pytest.raises(ConfigError, match="gorewatch keys create"):
        await serve(settings_of(host=host, data_dir=tmp_path))
    assert steps.taken == ["Close the store"]


async def test_with_a_key_all_interfaces_may_be_served_and_without_one_again_none(steps: Steps, tmp_path: Path) -> None:
    settings = settings_of(host="0.0.0.0", data_dir=tmp_path)
    async with open_store(settings.store_url) as store:
        user = (await new_key(store)).partition(":")[0]
    async with service(settings) as running:
        assert running.url.startswith("http://127.0.0.1:")
    async with open_store(settings.store_url) as store, store.writing() as tx:
        await keys.revoke(tx, user, at_s=1.0)
    with pytest.raises(ConfigError, match="gorewatch keys create"):
        await serve(settings)


async def test_a_port_that_is_taken_is_one_line_and_leaves_nothing_behind(steps: Steps, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"Cannot listen on 127.0.0.1 port {port}: .*in use"):
            await serve(settings_of(port=port, data_dir=tmp_path))
    assert steps.taken[-1] == "Close the store"


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ([NamedSource(name="a/b", url="rtsp://camera.example/")], "cannot be a stream's name"),
        (
            [NamedSource(name="cam", url="gopher://camera.example/")],
            "The source cam cannot be added: The scheme gopher",
        ),
        ([CAMERA, CAMERA], "The source door cannot be added: A stream named door is running"),
    ],
)
async def test_sources_that_cannot_be_are_named(
    steps: Steps, tmp_path: Path, sources: list[NamedSource], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        await serve(settings_of(data_dir=tmp_path), sources)
    assert steps.taken[-1] == "Close the store"


async def test_what_the_operator_wants_shown_stands_in_place_of_the_address() -> None:
    async with fronted(FakePool()) as running:
        drawn = NamedSource(name="demo", url="/var/lib/gorewatch/demo.mp4", shown="demo:drawn")
        plain = NamedSource(name="file", url="/var/lib/gorewatch/one.mp4")
        app.add_sources(running.registry, [drawn, plain], settings_of())
        async with aiohttp.ClientSession(running.url) as http:
            async with http.get("/v1/streams") as response:
                shown, file = (await response.json())["streams"]
            async with http.get(f"/v1/media/{shown['media']}/summary") as response:
                summary = await response.json()
    assert shown["url"] == summary["media"]["uri"] == "demo:drawn"
    assert file["url"] == "/var/lib/gorewatch/one.mp4"


async def test_the_operators_sources_are_trusted() -> None:
    pool = FakePool()
    async with fronted(pool) as running:
        looped = NamedSource(name="demo", url="/demo.mp4", paced=True, loop=True)
        app.add_sources(running.registry, [looped], settings_of())
        options = (await pool.source()).options
    assert (options.trusted, options.paced, options.loop) == (True, True, True)
