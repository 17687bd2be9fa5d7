"""A real store with jobs and webhooks, the time, and a dispatcher whose receivers the test plays."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from web.delivery.backoff import RETRY_AFTER_S
from web.delivery.delivery import Delivery, DeliveryState, Owed, Style, secret_of_key
from web.delivery.dispatcher import Dispatcher
from web.delivery.endpoint import Endpoint
from web.delivery.posting import NotPosted
from web.store import deliveries, jobs, webhooks
from web.store.job import Job
from web.store.store import Store

JOBS_S, EVENTS_S = RETRY_AFTER_S[Style.SIGHTENGINE], RETRY_AFTER_S[Style.STANDARD]
PENDING, DELIVERED, FAILED = DeliveryState

WITHIN_S = 20.0
START_S = 1_700_000_000.0
SECRET = "casec_secret"
WEBHOOK_SECRET = "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


@dataclass(frozen=True)
class Posted:
    """What came to a receiver that has not answered yet."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    answer: asyncio.Future[NotPosted | None] = field(compare=False)

    def take(self) -> None:
        self.answer.set_result(None)

    def refuse(self, status: int = 500, *, hopeless: bool = False, retry_after: str | None = None) -> None:
        words = f"It was answered with {status}."
        self.answer.set_result(NotPosted(words, hopeless=hopeless, status=status, retry_after=retry_after))


class Hook:
    """Receivers that answer when the test says so."""

    def __init__(self) -> None:
        self.posted: asyncio.Queue[Posted] = asyncio.Queue()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        posted = Posted(url, body, headers, asyncio.get_running_loop().create_future())
        self.posted.put_nowait(posted)
        if refusal := await posted.answer:
            raise refusal

    async def next(self) -> Posted:
        return await asyncio.wait_for(self.posted.get(), WITHIN_S)

    async def take(self, *bodies: bytes) -> None:
        """Take the next ones, which must be these."""
        for body in bodies:
            posted = await self.next()
            assert posted.body == body
            posted.take()


class World:
    """What is owed, to whom, and when it is. `dispatcher` is there while `sending`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.hook = Hook()
        self.now_s = START_S
        self.chance = 0.0
        self.gone: list[Delivery] = []
        self.dispatcher: Dispatcher | None = None

    @asynccontextmanager
    async def sending(self, *, secret: str | None = SECRET) -> AsyncIterator[Dispatcher]:
        self.dispatcher = Dispatcher(
            self.store,
            self.hook,
            signing_secret=secret,
            gone=self.gone.append,
            clock=lambda: self.now_s,
            chance=lambda: self.chance,
        )
        task = asyncio.create_task(self.dispatcher.run())
        try:
            yield self.dispatcher
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def owe(self, job_id: str, *bodies: bytes) -> None:
        """Callbacks of a job, which is made if it is not there."""
        async with self.store.writing() as tx:
            if await jobs.find(tx, job_id) is None:
                await jobs.add(tx, job(job_id))
            first = await deliveries.next_number(tx, job_id)
            owed = [
                Owed(
                    sender=job_id,
                    number=first + index,
                    style=Style.SIGHTENGINE,
                    media_id=job_id,
                    body=body,
                    url=f"https://{job_id}.example/",
                    key_id=None,
                )
                for index, body in enumerate(bodies)
            ]
            await deliveries.add(tx, owed, now_s=self.now_s)
        self._wake()

    async def tell(self, webhook_id: str, *numbers: int, url: str = "https://hook.example/", kind: str = "x") -> None:
        """Events of those numbers to a webhook, which is made if it is not there."""
        async with self.store.writing() as tx:
            if webhook_id not in {endpoint.id for endpoint in await webhooks.listed(tx)}:
                endpoint = Endpoint(id=webhook_id, key_id="1", url=url, created_s=START_S)
                await webhooks.add(tx, endpoint, secret=WEBHOOK_SECRET)
            owed = [event(webhook_id, number, url=url, webhook_id=webhook_id, kind=kind) for number in numbers]
            await deliveries.add(tx, owed, now_s=self.now_s)
        self._wake()

    async def tell_stream(self, stream_id: str, *numbers: int, url: str = "https://stream.example/") -> None:
        """Events of those numbers to the `callback_url` of a stream."""
        async with self.store.writing() as tx:
            await deliveries.add(tx, [event(stream_id, number, url=url) for number in numbers], now_s=self.now_s)
        self._wake()

    def pass_s(self, seconds: float) -> None:
        self.now_s += seconds
        self._wake()

    async def all(self) -> dict[tuple[str, int], Delivery]:
        async with self.store.reading() as tx:
            return {
                (one.sender, one.number): one for one in await deliveries.listed(tx, styles=tuple(Style), limit=1000)
            }

    async def until(self, sender: str, number: int, state: DeliveryState, attempts: int) -> Delivery:
        async with asyncio.timeout(WITHIN_S):
            while True:
                found = (await self.all())[sender, number]
                if (found.state, found.attempts) == (state, attempts):
                    return found
                await asyncio.sleep(0.005)

    async def until_nothing_is_owed(self) -> None:
        async with asyncio.timeout(WITHIN_S):
            while True:
                if all(one.state is not DeliveryState.PENDING for one in (await self.all()).values()):
                    return
                await asyncio.sleep(0.005)

    def _wake(self) -> None:
        if self.dispatcher is not None:
            self.dispatcher.wake()


def event(sender: str, number: int, *, url: str, webhook_id: str | None = None, kind: str = "x") -> Owed:
    """One event that is owed; its body is its number."""
    return Owed(
        sender=sender,
        number=number,
        style=Style.STANDARD,
        media_id="med_1",
        body=str(number).encode(),
        url=url,
        key_id="1",
        holder=webhook_id or secret_of_key("1"),
        stream_id="str_1" if webhook_id else sender,
        kind=kind,
    )


def job(job_id: str) -> Job:
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
