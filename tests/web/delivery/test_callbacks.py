"""When callbacks are sent, and sent again: a real store, a clock that the test moves, a receiver that it plays."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from web.delivery.attempts import Attempts
from web.delivery.callbacks import RETRY_AFTER_S, Dispatcher
from web.delivery.posting import NotPosted
from web.delivery.signature import HEADER, signature
from web.store import callbacks as rows
from web.store import jobs
from web.store.callbacks import Callback, CallbackState
from web.store.job import Job
from web.store.store import Store, open_store

_WITHIN_S = 20.0
START_S = 1_700_000_000.0
SECRET = "casec_secret"


@dataclass(frozen=True)
class Posted:
    url: str
    body: bytes
    headers: Mapping[str, str]
    answer: asyncio.Future[NotPosted | None] = field(compare=False)

    def take(self) -> None:
        self.answer.set_result(None)

    def refuse(self, *, hopeless: bool = False) -> None:
        self.answer.set_result(NotPosted("It was answered with 500.", hopeless=hopeless))


class Hook:
    """A receiver that answers when the test says so."""

    def __init__(self) -> None:
        self.posted: asyncio.Queue[Posted] = asyncio.Queue()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        posted = Posted(url, body, headers, asyncio.get_running_loop().create_future())
        self.posted.put_nowait(posted)
        if refusal := await posted.answer:
            raise refusal

    async def next(self) -> Posted:
        return await asyncio.wait_for(self.posted.get(), _WITHIN_S)


class World:
    """A store with jobs, the time, and a dispatcher that can be started again."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.hook = Hook()
        self.now_s = START_S
        self.dispatcher: Dispatcher | None = None

    @asynccontextmanager
    async def sending(self, *, secret: str | None = SECRET) -> AsyncIterator[None]:
        self.dispatcher = Dispatcher(self.store, self.hook, signing_secret=secret, clock=lambda: self.now_s)
        task = asyncio.create_task(self.dispatcher.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def owe(self, job_id: str, *bodies: bytes) -> list[str]:
        async with self.store.writing() as tx:
            if await jobs.find(tx, job_id) is None:
                await jobs.add(tx, _job(job_id))
            ids = [f"{job_id}-{body.decode()}" for body in bodies]
            for callback_id, body in zip(ids, bodies, strict=True):
                url = f"https://hook.example/{job_id}"
                await rows.add(tx, callback_id=callback_id, job_id=job_id, body=body, url=url, due_s=self.now_s)
        if self.dispatcher is not None:
            self.dispatcher.wake()
        return ids

    def pass_s(self, seconds: float) -> None:
        self.now_s += seconds
        assert self.dispatcher is not None
        self.dispatcher.wake()

    async def until(self, callback_id: str, state: CallbackState, attempts: int) -> Callback:
        async with asyncio.timeout(_WITHIN_S):
            while True:
                async with self.store.reading() as tx:
                    found = await rows.find(tx, callback_id)
                assert found is not None
                if (found.state, found.attempts) == (state, attempts):
                    return found
                await asyncio.sleep(0.005)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_store(f"sqlite:///{tmp_path}/gorewatch.db") as store:
        yield World(store)


def _job(job_id: str) -> Job:
    return Job(
        id=job_id,
        request_id=f"req-{job_id}",
        key_id=None,
        kind="address",
        uri="http://x.example/",
        address="http://x.example/",
        models=("gore",),
        interval_s=2.0,
        max_duration_s=1800.0,
        started_s=START_S,
        last_update_s=START_S,
    )


async def test_what_is_owed_is_sent_at_once_and_signed(world: World) -> None:
    async with world.sending():
        (owed,) = await world.owe("a", b"1")
        posted = await world.hook.next()
        assert (posted.url, posted.body) == ("https://hook.example/a", b"1")
        assert posted.headers == {HEADER: signature(SECRET, b"1", unix_s=int(START_S))}
        posted.take()
        assert (await world.until(owed, CallbackState.DELIVERED, 1)).next_attempt_s is None


async def test_without_a_secret_nothing_is_signed(world: World) -> None:
    async with world.sending(secret=None):
        await world.owe("a", b"1")
        posted = await world.hook.next()
        assert posted.headers == {}
        posted.take()


async def test_those_of_one_job_keep_their_order_and_other_jobs_do_not_wait(world: World) -> None:
    async with world.sending():
        first, second = await world.owe("a", b"1", b"2")
        posted = await world.hook.next()
        await world.owe("b", b"3")
        other = await world.hook.next()
        assert (posted.body, other.body) == (b"1", b"3")
        other.take()
        posted.refuse()
        waits = await world.until(first, CallbackState.PENDING, 1)
        assert waits.next_attempt_s == START_S + RETRY_AFTER_S[0]
        assert waits.last_error == "It was answered with 500."
        world.pass_s(RETRY_AFTER_S[0])
        for body in (b"1", b"2"):
            posted = await world.hook.next()
            assert posted.body == body
            posted.take()
        await world.until(second, CallbackState.DELIVERED, 1)


async def test_what_arrives_while_the_store_is_read_is_not_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, read = asyncio.Event(), asyncio.Event()

    async def slowly(tx: AsyncConnection, *, now_s: float, limit: int) -> tuple[Callback, ...]:
        found = await due(tx, now_s=now_s, limit=limit)
        reading.set()
        await read.wait()
        return found

    due = rows.due
    async with world.sending():
        (owed,) = await world.owe("a", b"1")
        posted = await world.hook.next()
        monkeypatch.setattr(rows, "due", slowly)
        world.pass_s(0.0)
        await asyncio.wait_for(reading.wait(), _WITHIN_S)
        posted.take()
        await world.until(owed, CallbackState.DELIVERED, 1)
        read.set()
        await world.owe("b", b"2")
        assert (await world.hook.next()).body == b"2"


async def test_it_is_tried_again_ever_more_rarely_then_given_up_until_somebody_asks(world: World) -> None:
    async with world.sending():
        first, second = await world.owe("a", b"1", b"2")
        for attempt, delay_s in enumerate(RETRY_AFTER_S, start=1):
            posted = await world.hook.next()
            assert posted.body == b"1"
            assert posted.headers[HEADER].startswith(f"t={int(world.now_s)},")
            posted.refuse()
            await world.until(first, CallbackState.PENDING, attempt)
            world.pass_s(delay_s - 1.0)
            assert world.hook.posted.empty()
            world.pass_s(1.0)
        (await world.hook.next()).refuse()
        await world.until(first, CallbackState.FAILED, len(RETRY_AFTER_S) + 1)
        later = await world.hook.next()
        assert later.body == b"2"
        later.take()
        await world.until(second, CallbackState.DELIVERED, 1)
        async with world.store.writing() as tx:
            assert await rows.retry(tx, first, due_s=world.now_s)
        world.pass_s(0.0)
        (await world.hook.next()).take()
        await world.until(first, CallbackState.DELIVERED, 1)
        assert world.dispatcher is not None
        assert world.dispatcher.attempts == Attempts(delivered=2, failed=len(RETRY_AFTER_S) + 1, given_up=1)


async def test_an_address_that_may_not_be_called_is_given_up_at_once(world: World) -> None:
    async with world.sending():
        first, _ = await world.owe("a", b"1", b"2")
        (await world.hook.next()).refuse(hopeless=True)
        await world.until(first, CallbackState.FAILED, 1)
        assert (await world.hook.next()).body == b"2"


async def test_a_service_that_comes_later_sends_what_is_owed(world: World) -> None:
    async with world.sending():
        (owed,) = await world.owe("a", b"1")
        assert (await world.hook.next()).body == b"1"
    await world.until(owed, CallbackState.PENDING, 0)
    async with world.sending():
        posted = await world.hook.next()
        assert posted.body == b"1"
        posted.take()
        await world.until(owed, CallbackState.DELIVERED, 1)


async def test_so_many_are_sent_at_once_and_no_more(world: World) -> None:
    for number in range(20):
        await world.owe(f"job{number:02}", b"1")
    async with world.sending():
        held = [await world.hook.next() for _ in range(16)]
        assert world.hook.posted.empty()
        held[0].take()
        held.append(await world.hook.next())
        assert world.hook.posted.empty()
        assert len({posted.url for posted in held}) == 17
