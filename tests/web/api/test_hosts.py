"""`/v1/hosts`: what an operator sees of the machines that watch streams, and taking them out of service."""

import re

import pytest

from tests.until import until
from tests.web.cluster.hosting.cluster import cluster
from tests.web.serving import bearer, new_key, serving
from web.access.scopes import USUAL, Scope


async def test_hosts_are_listed_by_id_with_what_they_do() -> None:
    async with cluster("a") as it:
        await it.watch("a", "camera")
        await it.watch("a", "film", stored=True)
        await it.join("b")
        assert (await it.served.get("/v1/hosts"))["engine"] == "ray"
        told = await it.told()
        assert list(told) == ["a", "b"]
        assert {key: told["a"][key] for key in ("up", "draining", "streams", "stored", "room")} == {
            "up": True,
            "draining": False,
            "streams": 2,
            "stored": 1,
            "room": 8,
        }
        it.ways["b"].gone = True
        await it.served.until("/v1/hosts", lambda answer: not answer["hosts"][1]["up"])
        lost = (await it.told())["b"]
        assert (lost["room"], lost["losses"]) == (0, 1)


async def test_a_drained_host_hands_over_what_is_live_and_keeps_what_is_stored_until_it_is_drained_no_more() -> None:
    async with cluster("a") as it:
        for name in ("one", "two"):
            await it.watch("a", name)
        film = await it.watch("a", "film", stored=True)
        await it.join("b")
        status, told = await it.ask("POST", "/v1/hosts/a/drain")
        assert status == 200
        assert {key: told[key] for key in ("id", "up", "draining", "moved", "streams", "stored", "room")} == {
            "id": "a",
            "up": True,
            "draining": True,
            "moved": 2,
            "streams": 1,
            "stored": 1,
            "room": 0,
        }
        for index in range(2):
            (await it.ways["b"].source(index)).live()
        await it.served.until("/v1/streams", lambda answer: {one["state"] for one in answer["streams"]} == {"live"})
        assert (await it.told())["b"]["streams"] == 2
        status, told = await it.ask("POST", "/v1/hosts/a/drain")
        assert (status, told["moved"], told["stored"]) == (200, 0, 1)
        film.end()
        await it.served.until("/v1/hosts", lambda answer: answer["hosts"][0]["streams"] == 0)
        status, told = await it.ask("DELETE", "/v1/hosts/a/drain")
        assert (status, told["draining"], told["room"]) == (200, False, 10)
        assert "moved" not in told
        await it.watch("a", "three")


async def test_only_an_admin_sees_and_drains_hosts() -> None:
    async with cluster("a", keyed=True) as it:
        admin = bearer(await new_key(it.served.store, Scope.ADMIN))
        calls = (("GET", "/v1/hosts"), ("POST", "/v1/hosts/a/drain"), ("DELETE", "/v1/hosts/a/drain"))
        usual = bearer(await new_key(it.served.store, *USUAL))
        for method, path in calls:
            status, told = await it.ask(method, path, headers=usual)
            assert (status, told["code"]) == (403, "scope_missing")
        assert not next(iter(it.hosts)).draining
        for method, path in calls:
            assert (await it.ask(method, path, headers=admin))[0] == 200


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_host_that_there_is_not_is_unknown(method: str) -> None:
    async with cluster("a") as it:
        status, told = await it.ask(method, "/v1/hosts/b/drain")
        assert (status, told["code"]) == (404, "host_unknown")
        assert [host.draining for host in it.hosts] == [False]


async def test_a_service_that_watches_by_itself_has_no_hosts() -> None:
    async with serving() as served:
        assert await served.get("/v1/hosts") == {"engine": "local", "hosts": []}
        async with served.http.post("/v1/hosts/a/drain") as response:
            assert (response.status, (await response.json())["code"]) == (404, "host_unknown")
        async with served.http.get("/metrics") as response:
            assert "\ngorewatch_hosts" not in await response.text()


async def test_a_service_is_there_before_its_hosts_and_ready_once_one_takes_streams() -> None:
    async with cluster() as it:
        status, told = await it.ask("GET", "/readyz")
        assert (status, told["reasons"]) == (503, ["no node of the cluster has room for streams"])
        assert (await it.ask("GET", "/healthz"))[0] == 200
        await it.join("a")
        assert (await it.ask("GET", "/readyz"))[1]["reasons"] == []
        await it.join("b")
        await it.ask("POST", "/v1/hosts/a/drain")
        assert (await it.ask("GET", "/readyz"))[0] == 200
        it.ways["b"].gone = True
        await until(lambda: not it.hosts.ready)
        status, told = await it.ask("GET", "/readyz")
        assert (status, told["reasons"]) == (503, ["no host takes streams; drained: 1, not answering: 1"])


async def test_metrics_tell_of_hosts() -> None:
    async with cluster("a") as it:
        await it.watch("a", "camera")
        await it.join("b", most_streams=4)
        await it.join("c")
        await it.ask("POST", "/v1/hosts/c/drain")
        for state, count in (("up", 2.0), ("draining", 1.0), ("down", 0.0)):
            await it.served.until_metric(f'gorewatch_hosts{{state="{state}"}}', count)
        await it.served.until_metric("gorewatch_hosts_room", 13.0)
        await it.served.until_metric('gorewatch_host_streams{host="a"}', 1.0)
        await it.served.until_metric('gorewatch_host_losses_total{host="b"}', 0.0)
        it.ways["b"].gone = True
        await it.served.until_metric('gorewatch_host_losses_total{host="b"}', 1.0)
        await it.served.until_metric('gorewatch_hosts{state="down"}', 1.0)
        await it.served.until_metric("gorewatch_hosts_room", 9.0)
        it.ways["a"].busy = 0.5
        await until(lambda: next(iter(it.hosts)).busy > 0.2)
        async with it.served.http.get("/metrics") as response:
            found = re.search(r'^gorewatch_host_busy\{host="a"\} ([0-9.]+)$', await response.text(), re.MULTILINE)
        assert found is not None
        assert 0.2 < float(found[1]) <= 0.5
        await it.hosts.remove("b")
        await it.served.until_metric("gorewatch_hosts_gone_total", 1.0)
        async with it.served.http.get("/metrics") as response:
            assert 'host="b"' not in await response.text()
