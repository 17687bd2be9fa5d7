"""Streams that stand in the store are taken up: all are there at once, and are opened a few at a time."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from inference.policy import Policy
from stream.address import parse
from stream.errors import AddressRefused, ConnectionRefused, Overloaded
from stream.sample import State
from tests.until import until
from tests.web.fakes import FakeKeeping, FakePool, FakeScorer
from tests.web.recording.making import an_id
from tests.web.serving import new_key
from tests.web.store.test_standing import DOOR
from web.access.access import open_access
from web.background import going_on
from web.engine import LocalEngine
from web.recording.standing import Standing
from web.registry import Registry
from web.resuming import Resuming
from web.running import Stream
from web.store import keys
from web.store import standing as rows
from web.store.standing import StandingStream
from web.store.store import Store
from web.terms import Terms


class World:
    """What stands in a store is taken up once the block of `running` begins."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.pool = FakePool()
        self.standing = Standing(store)
        self.registry = Registry(
            engine=LocalEngine(self.pool, FakeScorer()),
            publish=lambda *_: None,
            keeping=FakeKeeping(),
            standing=self.standing,
            max_streams=64,
            max_publishers=10,
            terms=Terms(egress_allow=(), decode_errors_per_min=600, decoder="cpu"),
        )

    @asynccontextmanager
    async def running(
        self,
        *,
        max_streams: int = 64,
        room: Callable[[], int] = lambda: 32,
        clock: Callable[[], float] = lambda: 0.0,
    ) -> AsyncIterator[None]:
        async with open_access(self.store) as access, going_on(self.standing.run, "standing"):
            resuming = Resuming(
                store=self.store,
                registry=self.registry,
                standing=self.standing,
                access=access,
                max_streams=max_streams,
                room=room,
                clock=clock,
            )
            await resuming.begin()
            async with going_on(resuming.run, "resuming"):
                yield
            await self.registry.aclose()
        await self.standing.aclose()

    async def left(self, count: int, **values: object) -> list[StandingStream]:
        """Put so many in the store, oldest first."""
        usual = replace(DOOR, owner=None, **values)  # type: ignore[arg-type]
        those = [replace(usual, id=an_id("str", n), name=f"n{n}", added_s=float(n)) for n in range(count)]
        async with self.store.writing() as tx:
            await rows.add(tx, those)
        return those

    def stream(self, name: str) -> Stream:
        (found,) = [stream for stream in self.registry if stream.name == name]
        return found

    async def stand(self, *names: str) -> None:
        """Until these are in the store, and no others."""
        await until(lambda: self._stand(names))

    async def _stand(self, names: tuple[str, ...]) -> bool:
        async with self.store.reading() as tx:
            return tuple(one.name for one in await rows.listed(tx)) == names


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


async def test_all_are_there_at_once_and_a_few_are_opened_at_a_time(world: World) -> None:
    those = await world.left(7)
    async with world.running(room=lambda: 3):
        assert [(stream.id, stream.name) for stream in world.registry] == [(one.id, one.name) for one in those]
        assert all(stream.state is State.CONNECTING for stream in world.registry)
        for place in range(3):
            await world.pool.source(place)
        (await world.pool.source(1)).live()
        await world.pool.source(3)
        # One that is ended before its turn takes none.
        await world.registry.end(world.stream("n4"))
        world.pool.sources[0].fail(AddressRefused.code, "It leads inside.")
        await world.pool.source(4)
        await world.stand("n1", "n2", "n3", "n5", "n6")
        assert len(world.pool.sources) == 5
        assert {address.url for address in world.pool.addresses} == {DOOR.address}
    await world.stand("n1", "n2", "n3", "n5", "n6")


async def test_none_is_opened_before_there_is_room_and_one_that_hangs_keeps_nobody_waiting(world: World) -> None:
    room, now_s = 0, 0.0
    await world.left(2)
    async with world.running(room=lambda: room, clock=lambda: now_s):
        assert len(list(world.registry)) == 2
        assert world.pool.sources == []
        room = 1
        await world.pool.source(0)
        assert len(world.pool.sources) == 1
        now_s += 1.0
        await world.pool.source(1)


async def test_one_whose_source_is_not_there_yet_is_waited_for(world: World) -> None:
    await world.left(1)
    world.pool.refuse = ConnectionRefused("Nobody listens.")
    async with world.running():
        await until(lambda: world.stream("n0").state is State.RECONNECTING)
        world.pool.refuse = None
        (await world.pool.source()).live()
        await until(lambda: world.stream("n0").state is State.LIVE)
    await world.stand("n0")


async def test_one_that_does_not_come_back_is_over(world: World) -> None:
    await world.left(1, policy=Policy(reconnect_for=0.0))
    world.pool.refuse = ConnectionRefused("Nobody listens.")
    async with world.running():
        await world.stand()
        assert world.stream("n0").state is State.FAILED


async def test_one_that_no_worker_had_room_for_is_kept_for_the_next_service(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.left(1, policy=Policy(reconnect_for=0.0))
    world.pool.refuse = Overloaded("Every worker process has as many streams as it may have.")
    async with world.running():
        await until(lambda: world.stream("n0").state is State.FAILED)
        # One that is added in vain is not.
        new = world.registry.add(parse(DOOR.address), name="new", policy=Policy(), trusted=False, lasting=True)
        await until(lambda: new.closed)
    await world.stand("n0")


async def test_those_beyond_the_limit_are_told_of_and_kept(world: World, caplog: pytest.LogCaptureFixture) -> None:
    names = [one.name for one in await world.left(15)]
    async with world.running(max_streams=3):
        assert [stream.name for stream in world.registry] == names[:3]
    await world.stand(*names)
    (line,) = [message for message in caplog.messages if "limits.max_streams" in message]
    assert line.startswith("12 streams are not taken up this time, since 3 may run")
    assert line.endswith(": n3, n4, n5, n6, n7, n8, n9, n10, n11, n12, …")


async def test_one_that_is_added_anew_takes_the_place_of_one_that_was_not_taken_up(world: World) -> None:
    await world.left(2)
    async with world.running(max_streams=1):
        new = world.registry.add(parse(DOOR.address), name="n1", policy=Policy(), trusted=False, lasting=True)
        await world.standing.settled(new.id)
    async with world.store.reading() as tx:
        assert [one.id for one in await rows.listed(tx)] == [an_id("str", 0), new.id]


async def test_a_source_of_the_operators_keeps_its_name(world: World, caplog: pytest.LogCaptureFixture) -> None:
    await world.left(2)
    world.registry.add(parse("rtsp://camera.example/"), name="n0", policy=Policy(), trusted=True)
    async with world.running():
        assert [(stream.name, stream.taken_up) for stream in world.registry] == [("n0", False), ("n1", True)]
    await world.stand("n0", "n1")
    assert any(message.startswith("n0 is not taken up again this time") for message in caplog.messages)


async def test_streams_of_a_key_that_is_revoked_meanwhile_are_dropped(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    mine, gone = [(await new_key(world.store)).partition(":")[0] for _ in range(2)]
    async with world.store.writing() as tx:
        await rows.add(tx, [replace(DOOR, owner=gone), replace(DOOR, id="str_c", owner=mine)])
        await keys.revoke(tx, gone, at_s=1.0)
    async with world.running():
        assert [(stream.id, stream.owner) for stream in world.registry] == [("str_c", mine)]
        await world.stand("door")
    assert f"door is not taken up again: its key {gone} is revoked" in caplog.messages


async def test_an_address_that_is_none_any_more_is_dropped(world: World, caplog: pytest.LogCaptureFixture) -> None:
    await world.left(1, address="gopher://user:secret@h/")
    async with world.running():
        await world.stand()
    assert any(message.startswith("n0 is not taken up again: The scheme gopher") for message in caplog.messages)
    assert "secret" not in caplog.text
