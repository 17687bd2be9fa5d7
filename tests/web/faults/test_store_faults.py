"""The store fails under a service that is busy: live events go on, people are told, and at last all of it is kept."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from tests.servers.disk import breaking_disk, fill, remount, small_disk, unchangeable
from tests.servers.postgres import Postgres
from tests.servers.service import Service, running_service
from tests.web.command import gorewatch
from tests.web.faults.flicker import flickering, write_flicker
from tests.web.faults.logbook import WITHIN_S, Logbook, first_id, following, kept_in
from tests.web.faults.test_killed import DEAR
from web.delivery.cloudevents import STORE_FAILED, STORE_RECOVERED

pytestmark = pytest.mark.timeout(300)

Act = Callable[[], Awaitable[None]]
UNSTORED = "events are sent before they are stored, since the store is too slow or fails"


async def live_through(address: str, folder: Path, *, begin: Act, end: Act) -> str:
    """A service whose store fails for a while in a flood of events; what it logged."""
    since = await first_id(address)
    before, late = Logbook(since), Logbook(since, DEAR)
    async with flooding(address, folder) as service, following(service.url, [before]):
        await before.more(100)
        await begin()
        reasons = await readiness(service, ready=False)
        assert UNSTORED in reasons
        await before.heard(STORE_FAILED)
        await before.more(300)
        figures = await metrics(service)
        assert figures["gorewatch_events_kept_first"] == 0.0
        assert figures["gorewatch_events_unkept"] > 0.0
        await end()
        assert await readiness(service, ready=True) == []
        await before.heard(STORE_RECOVERED)
        await before.more(100)
        newest = before.since
        async with following(service.url, [late]):
            await late.reached(newest)
    told = told_of_store(before)
    assert {*told.values()} == {STORE_FAILED, STORE_RECOVERED}
    kept = await kept_in(address)
    assert not told.keys() & kept.events.keys()
    for one in (before, late):
        dear = [number for number, event in one.events.items() if event["type"] in DEAR]
        assert dear == [number for number in kept.after(since, DEAR) if number <= one.since]
        assert all(kept.events[number] == event for number, event in one.events.items() if number not in told)
    assert (kept.open_media, kept.open_incidents) == (0, 0)
    assert "dropped: none" in service.log
    assert "events are not kept" not in service.log
    assert "Traceback" not in service.log
    return service.log


def told_of_store(logbook: Logbook) -> dict[str, str]:
    """What was told of the store, by id: one thing after the other."""
    told = {number: str(event["type"]) for number, event in logbook.events.items()}
    told = {number: kind for number, kind in told.items() if kind in (STORE_FAILED, STORE_RECOVERED)}
    assert all(one != next_one for one, next_one in pairwise(told.values()))
    return told


@asynccontextmanager
async def flooding(address: str, folder: Path) -> AsyncIterator[Service]:
    # An idle machine is through with an hour in seven seconds.
    clip = write_flicker(folder / "flicker.ts", minutes=180)
    env = {**flickering(folder), "GOREWATCH_STORE": address, "GOREWATCH_LIMITS__UNKEPT_EVENTS": "1000000"}
    with running_service(folder, "--source", f"cam={clip}", env=env) as service:
        yield service


async def readiness(service: Service, *, ready: bool) -> list[str]:
    """The reasons that are given once it is ready, or once it tells of events that are not stored."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            status, answer = await asyncio.to_thread(service.request, "GET", "/readyz")
            reasons: list[str] = answer["reasons"]
            if (status == 200) if ready else (status == 503 and UNSTORED in reasons):
                return reasons
            await asyncio.sleep(0.05)


async def metrics(service: Service) -> dict[str, float]:
    """Those without labels."""
    _, text = await asyncio.to_thread(service.request, "GET", "/metrics")
    lines = [line.split() for line in text.decode().splitlines() if not line.startswith("#")]
    return {words[0]: float(words[1]) for words in lines if len(words) == 2 and "{" not in words[0]}


async def test_a_file_that_another_program_keeps_locked(tmp_path: Path) -> None:
    path = tmp_path / "gorewatch.db"
    other: list[sqlite3.Connection] = []

    async def lock() -> None:
        other.append(sqlite3.connect(path, isolation_level=None, timeout=30.0))
        other[0].execute("BEGIN IMMEDIATE")

    async def let_go() -> None:
        other[0].rollback()
        other[0].close()

    await live_through(f"sqlite:///{path}", tmp_path, begin=lock, end=let_go)


async def test_a_disk_that_is_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_bytes=64 * 2**20) as disk:
        ballast = disk / "ballast"

        async def crowd() -> None:
            await asyncio.to_thread(fill, ballast)

        async def make_room() -> None:
            ballast.unlink()

        log = await live_through(f"sqlite:///{disk}/gorewatch.db", tmp_path, begin=crowd, end=make_room)
    assert "is its disk full, read-only or broken" in log


async def test_a_file_that_turns_read_only_and_writable_again(tmp_path: Path) -> None:
    path = tmp_path / "gorewatch.db"
    with ExitStack() as stack:

        async def lock() -> None:
            stack.enter_context(unchangeable(path, path.with_name("gorewatch.db-wal")))

        async def unlock() -> None:
            stack.close()

        log = await live_through(f"sqlite:///{path}", tmp_path, begin=lock, end=unlock)
    assert "cannot be written" in log


async def test_a_disk_that_finds_an_error_and_turns_read_only_costs_no_live_event(tmp_path: Path) -> None:
    with breaking_disk(tmp_path / "disk", size_bytes=64 * 2**20) as (disk, turn_read_only):
        address = f"sqlite:///{disk}/gorewatch.db"
        before = Logbook(await first_id(address))
        async with flooding(address, tmp_path) as service:
            async with following(service.url, [before]):
                await before.more(100)
                turn_read_only()
                assert UNSTORED in await readiness(service, ready=False)
                await before.heard(STORE_FAILED)
                await before.more(300)
            assert service.stop() == 0
            log = service.log
    assert [*told_of_store(before).values()][-1] == STORE_FAILED
    assert "is its disk full, read-only or broken" in log
    assert "events are not kept: the journal cannot be written" in log
    assert "Traceback" not in log


async def test_a_server_that_stops_and_starts_again(postgres: Postgres, tmp_path: Path) -> None:
    async def stop() -> None:
        await asyncio.to_thread(postgres.stop)

    async def start() -> None:
        await asyncio.to_thread(postgres.start)

    address = postgres.new_database()
    await live_through(address, tmp_path, begin=stop, end=start)
    postgres.drop(address)


def refusal(address: str, folder: Path) -> str:
    """The one line with which a service does not start."""
    done = gorewatch("serve", "--port", 0, env={"GOREWATCH_DATA_DIR": str(folder), "GOREWATCH_STORE": address})
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("gorewatch: ")]
    return line


async def test_a_read_only_disk_is_a_refusal_to_start(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size_bytes=2 * 2**20) as disk:
        address = f"sqlite:///{disk}/gorewatch.db"
        await first_id(address)
        remount(disk, "ro")
        line = refusal(address, tmp_path)
    assert f"The store {disk}/gorewatch.db cannot be written" in line
    assert "GOREWATCH_STORE" in line


@pytest.mark.parametrize("damage", ["middle", "head", "cut", "other"])
async def test_a_damaged_file_is_a_refusal_to_start_and_stays_as_it_is(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "gorewatch.db"
    await first_id(f"sqlite:///{path}")
    whole = path.read_bytes()
    broken = {
        "middle": whole[: len(whole) // 2] + b"\xa5" * 20_000 + whole[len(whole) // 2 + 20_000 :],
        "head": b"\xa5" * 4096 + whole[4096:],
        "cut": whole[: len(whole) // 2],
        "other": b"Dear diary,\n" * 1000,
    }[damage]
    path.write_bytes(broken)
    line = refusal(f"sqlite:///{path}", tmp_path)
    assert line == (
        f"gorewatch: The store {path} is damaged or no store of gorewatch; move it away, or put a copy of it back."
    )
    assert path.read_bytes() == broken
