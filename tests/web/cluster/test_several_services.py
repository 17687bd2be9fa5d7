"""Several real services behind a node, with what one store would give them all: the key that nodes sign with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.nats import Nats
from tests.servers.ports import free_port
from tests.servers.stores import new_store
from tests.until import until
from tests.web.api.test_nodes import CALLER
from tests.web.api.test_thumbnail import filmed
from tests.web.cluster.standing_in import Node, forwarding_to, standing
from tests.web.cluster.test_web_node import asked, in_front
from tests.web.serving import Served, serving
from web.cluster.spreading import by_name
from web.store import meta
from web.store.store import open_store

SDP = {"Content-Type": "application/sdp"}


@dataclass(frozen=True, slots=True)
class Two:
    """Services, and a node in front of both."""

    services: tuple[Served, Served]
    node: Node

    def first_for(self, name: str) -> Served:
        """Where such a name goes."""
        by_url = {one.url: one for one in self.services}
        return by_url[by_name(name, list(by_url))[0]]

    def other(self, one: Served) -> Served:
        return next(other for other in self.services if other is not one)

    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        async with self.node.http.request(method, path, **more) as response:
            return response.status, await response.json()

    async def names(self) -> list[str]:
        return [stream["name"] for stream in (await self.ask("GET", "/v1/streams"))[1]["streams"]]


@asynccontextmanager
async def two(tmp_path: Path, **values: Any) -> AsyncIterator[Two]:
    homes = tmp_path / "a", tmp_path / "b"
    for home in homes:
        async with open_store(new_store(home / "gorewatch.db")) as store, store.writing() as tx:
            await meta.put(tx, "signing_key", b"k" * 32)
    async with (
        serving(home=homes[0], **values) as one,
        serving(home=homes[1], **values) as other,
        forwarding_to([one.url, other.url], one.access.ticket) as node,
    ):
        yield Two((one, other), node)


async def test_streams_of_both_are_listed_found_and_ended(tmp_path: Path) -> None:
    async with two(tmp_path) as they:
        made = [await one.add(name=f"of-{number}") for number, one in enumerate(they.services)]
        assert await they.names() == ["of-0", "of-1"]
        for one in made:
            for path in (f"/v1/streams/{one['id']}", f"/v1/media/{one['media']}", f"/v1/streams/{one['id']}/summary"):
                assert (await they.ask("GET", path))[0] == 200, path
            status, token = await they.ask("POST", "/v1/tokens", json={"scope": "streams", "stream": one["name"]})
            assert (status, token["token"][:4]) == (201, "tok_")
            assert (await they.ask("DELETE", f"/v1/streams/{one['id']}"))[0] == 200
        assert all(stream.closed for one in they.services for stream in one.registry)
        assert (await they.ask("GET", "/v1/hosts"))[1] == {"engine": "local", "hosts": []}


async def test_a_name_that_is_taken_is_refused_wherever_it_is(tmp_path: Path) -> None:
    async with two(tmp_path, limits={"max_streams": 1}) as they:
        first = they.first_for("cam")
        await first.add(name="in-the-way")
        body = {"name": "cam", "url": "rtsp://camera.example/one"}
        status, made = await they.ask("POST", "/v1/streams", json=body)
        assert status == 201
        assert they.other(first).registry.stream(made["id"]) is not None
        (running,) = first.registry
        await first.registry.end(running)
        assert (await they.ask("POST", "/v1/streams", json=body))[1]["code"] == "name_taken"
        status, refused = await they.ask("POST", "/v1/streams", json=body | {"name": "one-more"})
        assert status == 201
        status, refused = await they.ask("POST", "/v1/streams", json=body | {"name": "too-many"})
        assert (status, refused["code"]) == (429, "too_many_streams")


async def test_a_publisher_meets_the_service_that_has_its_stream(tmp_path: Path) -> None:
    async with two(tmp_path) as they:
        elsewhere = they.other(they.first_for("cam"))
        async with elsewhere.http.post("/whip/cam", data="v=0\r\n", headers=SDP) as response:
            assert response.status == 201
        (publisher,) = elsewhere.pool.sources
        publisher.live()
        (stream,) = elsewhere.registry
        await until(lambda: stream.state.value == "live")
        publisher.vacant = True
        async with they.node.http.post("/whip/cam", data="v=0\r\n", headers=SDP) as response:
            assert response.status == 201
        assert list(elsewhere.registry) == [stream]
        assert not list(they.first_for("cam").registry)
        assert await they.names() == ["cam"]


async def test_pictures_jobs_and_uploads_are_found_where_they_are(tmp_path: Path) -> None:
    async with two(tmp_path) as they:
        incident = await filmed(they.services[1])
        for path in (f"/v1/incidents/{incident['id']}", f"/v1/incidents/{incident['id']}/heat"):
            assert (await they.ask("GET", path))[0] == 200
        watched = CALLER | {"models": "gore", "stream_url": "rtsp://camera.example/one"}
        for _ in they.services:
            _, job = await they.ask("POST", "/1.0/video/check.json", data=watched)
            job_id = job["media"]["id"]
            (stream,) = [found for one in they.services if (found := one.registry.media(job_id)) is not None]
            assert (await they.ask("DELETE", "/1.0/video/byid.json", data=CALLER | {"id": job_id}))[0] == 200
            assert stream.closed


async def test_a_node_is_ready_while_one_of_them_answers_and_says_which(nats: Nats, tmp_path: Path) -> None:
    gone = f"http://127.0.0.1:{free_port()}"
    async with (
        standing("here") as (here,),
        serving(bus=nats.url, home=tmp_path),
        in_front(nats, tmp_path, f"{gone}, {here.url}/") as (node,),
    ):
        assert (await asked("GET", f"{node}/readyz"))[0] == 200

        async def told() -> bool:
            metrics = (await asked("GET", f"{node}/metrics"))[2].decode().splitlines()
            up = {line for line in metrics if line.startswith("gorewatch_upstream_up{")}
            return up == {
                f'gorewatch_upstream_up{{upstream="{gone}"}} 0.0',
                f'gorewatch_upstream_up{{upstream="{here.url}"}} 1.0',
            }

        await until(told)
        await here.stop()
        status, _, answer = await asked("GET", f"{node}/readyz")
        assert status == 503
        assert f"no service that watches streams answers: {gone}, {here.url}" in answer.decode()
