"""`gorewatch hosts` and `gorewatch drain`, asked of a service on hosts."""

import asyncio
import json
import subprocess

import pytest

from tests.servers.ports import free_port
from tests.until import until
from tests.web.cluster.hosting.cluster import Cluster, cluster
from tests.web.command import assert_one_line, gorewatch, gorewatch_on_a_terminal
from tests.web.serving import new_key, serving
from web.access.scopes import Scope
from web.cluster.hosting.link import HostLink


async def ran(*arguments: object, **env: str) -> "subprocess.CompletedProcess[str]":
    return await asyncio.to_thread(gorewatch, *arguments, env=env)


def drained(it: Cluster) -> set[str]:
    return {host.id for host in it.hosts if host.draining}


async def test_hosts_are_a_json_object_a_line_in_a_pipe_and_a_table_on_a_terminal() -> None:
    async with cluster("a-1") as it:
        await it.watch("a-1", "camera")
        await it.watch("a-1", "film", stored=True)
        await it.join("b-1", scorer="borrowed")
        it.hosts.drain("b-1")
        done = await ran("hosts", it.served.url)
        assert (done.returncode, done.stderr) == (0, "")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert [(line["id"], line["draining"], line["streams"], line["stored"]) for line in lines] == [
            ("a-1", False, 2, 1),
            ("b-1", True, 0, 0),
        ]
        code, shown = await asyncio.to_thread(gorewatch_on_a_terminal, "hosts", it.served.url)
        assert code == 0
        assert [line.split() for line in shown.splitlines()] == [
            ["HOST", "STATE", "SCORER", "STREAMS", "STORED", "ROOM", "BUSY", "LOST"],
            ["a-1", "up", "own", "2", "1", "8", "0%", "0"],
            ["b-1", "draining", "borrowed", "0", "0", "0", "0%", "0"],
            ["2", "1", "8"],
        ]


async def test_a_host_is_drained_by_the_name_of_its_machine_and_takes_streams_again() -> None:
    async with cluster("node1-3f9c") as it:
        await it.watch("node1-3f9c", "one")
        await it.watch("node1-3f9c", "film", stored=True)
        await it.join("node10-b07d")
        done = await ran("drain", "node1", it.served.url)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == (
            "node1-3f9c is drained. Live streams moved: 1. Stored media still watched there to their end: 1.\n"
        )
        await it.ways["node10-b07d"].source()
        assert drained(it) == {"node1-3f9c"}
        done = await ran("drain", "node1-3f9c", it.served.url, "--undo")
        assert (done.returncode, done.stdout) == (0, "node1-3f9c takes streams again.\n")
        assert drained(it) == set()


async def test_it_says_when_the_others_have_not_the_room() -> None:
    async with cluster("a") as it:
        for name in ("one", "two"):
            await it.watch("a", name)
        await it.join("b", most_streams=1)
        done = await ran("drain", "a", it.served.url)
        assert done.returncode == 0
        assert "Of the 2 live streams of a the other hosts have room for 1" in done.stderr
        assert "Live streams moved: 2. Stored media still watched there to their end: 0." in done.stdout


async def test_it_waits_until_the_last_live_stream_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HostLink, "give_away", lambda *_, **__: 0)
    async with cluster("a") as it:
        source = await it.watch("a", "slow")
        draining = asyncio.create_task(ran("drain", "a", it.served.url))
        await until(lambda: drained(it) == {"a"})
        source.end()
        done = await draining
        assert (done.returncode, "a is drained" in done.stdout) == (0, True)


async def test_what_does_not_leave_in_time_is_told_and_the_host_stays_drained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HostLink, "give_away", lambda *_, **__: 0)
    async with cluster("a", "b") as it:
        await it.served.add()
        await it.ways["a"].source()
        done = await ran("drain", "a", it.served.url, "--timeout", "0")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.endswith("gorewatch: Live streams still on a after 0 s: 1; it stays drained.\n")
        assert drained(it) == {"a"}


async def test_a_host_that_leaves_the_cluster_meanwhile_is_drained(monkeypatch: pytest.MonkeyPatch) -> None:
    async with cluster("a", "b") as it:
        await it.served.add()
        await it.ways["a"].source()
        with monkeypatch.context() as patched:
            patched.setattr(HostLink, "give_away", lambda *_, **__: 0)
            draining = asyncio.create_task(ran("drain", "a", it.served.url))
            await until(lambda: drained(it) == {"a"})
        await it.hosts.remove("a")
        done = await draining
        assert (done.returncode, done.stdout) == (0, "a has left the cluster. Live streams moved: 0.\n")


async def test_what_is_not_one_host_is_one_line() -> None:
    async with cluster("node1-a-0", "node1-a-1", "node2-b") as it:
        assert "There is no host node3;" in assert_one_line(await ran("drain", "node3", it.served.url))
        line = assert_one_line(await ran("drain", "node1", it.served.url))
        assert line == "gorewatch: node1 may be node1-a-0 or node1-a-1; give more of its id."
        assert drained(it) == set()


async def test_a_key_without_the_right_is_told_which_it_takes() -> None:
    async with cluster("a", keyed=True) as it:
        admin = await new_key(it.served.store, Scope.ADMIN)
        usual = await new_key(it.served.store)
        for command in (("hosts", it.served.url), ("drain", "a", it.served.url)):
            assert "scope admin" in assert_one_line(await ran(*command))
            assert "scope admin" in assert_one_line(await ran(*command, "--token", usual))
            assert (await ran(*command, GOREWATCH_TOKEN=admin)).returncode == 0
        assert drained(it) == {"a"}


async def test_without_hosts_it_says_why_there_are_none() -> None:
    async with serving() as served:
        done = await ran("hosts", served.url)
        assert (done.returncode, done.stdout) == (0, "")
        assert 'engine = "local"' in done.stderr
        assert 'engine = "local"' in assert_one_line(await ran("drain", "a", served.url))
    async with cluster() as it:
        assert "ray start" in (await ran("hosts", it.served.url)).stderr


@pytest.mark.parametrize("command", [("hosts",), ("drain", "a")], ids=" ".join)
async def test_what_is_no_service_is_one_line(command: tuple[str, ...]) -> None:
    assert "127.0.0.1:8080" in assert_one_line(await ran(*command, "localhost:8080"))
    assert "is it running?" in assert_one_line(await ran(*command, f"http://127.0.0.1:{free_port()}"))
    async with serving() as served:
        assert "gorewatch service" in assert_one_line(await ran(*command, f"{served.url}/docs#"))
