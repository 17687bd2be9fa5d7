"""Reads and follows a stream of JetStream in its order, from one sequence number on, without a hole."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Sequence

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from .messages import Message

_HEARTBEAT_S = 1.0
_SILENT_S = 3.5
"""Without as much as a heartbeat: the consumer is gone, or the connection is."""
_BATCH = 256
_FORGOTTEN_S = 10.0
"""After which the server forgets a consumer that nobody listens to."""


class Interrupted(ConnectionError):
    """Something is missing between two messages, or nothing comes any more: ask anew."""


async def followed(
    client: Client, stream: JetStreamContext, name: str, first: int, *, only: str | None = None
) -> AsyncIterator[Sequence[tuple[int, Message]]]:
    """Messages from `first` on, in batches as they come, for ever; `only` those on such subjects.

    Raises `Interrupted` and what NATS raises. The server sends no more than what was taken from here lets it: a slow
    reader costs no memory.
    """
    inbox = client.new_inbox()
    waiting: deque[Msg] = deque()
    added = asyncio.Event()

    async def take(message: Msg) -> None:
        waiting.append(message)
        added.set()

    subscription = await client.subscribe(inbox, cb=take)
    try:
        await stream.add_consumer(name, _pushed_to(inbox, first, only))
        heed_cancellation()
        expected = 1
        while True:
            await _something(added)
            batch: list[tuple[int, Message]] = []
            while waiting and len(batch) < _BATCH:
                message = waiting.popleft()
                if message.headers and "Status" in message.headers:
                    await _answer(client, message)
                    continue
                if (place := message.metadata.sequence.consumer) != expected:
                    raise Interrupted(f"message {place} came in place of {expected}")
                expected += 1
                batch.append(message_from(message))
            if not waiting:
                added.clear()
            if batch:
                yield batch
    finally:
        if not client.is_closed:
            await subscription.unsubscribe()


async def read(
    client: Client, stream: JetStreamContext, name: str, first: int, limit: int, *, only: str | None = None
) -> Sequence[tuple[int, Message]]:
    """Up to `limit` messages from `first` on that are there now; `only` those on such subjects.

    Raises what NATS raises. If the server is silent it waits for ever.
    """
    consumer = await stream.add_consumer(name, _pulled_from(first, only))
    there = min(limit, consumer.num_pending or 0)
    if not there:
        return ()
    found: list[tuple[int, Message]] = []
    done = asyncio.Event()

    async def take(message: Msg) -> None:
        # Whatever is no message of the stream says that no more come.
        if message.headers and "Status" in message.headers:
            done.set()
            return
        found.append(message_from(message))
        if len(found) == there:
            done.set()

    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox, cb=take)
    try:
        wanted = json.dumps({"batch": there, "no_wait": True}).encode()
        await client.publish(f"$JS.API.CONSUMER.MSG.NEXT.{name}.{consumer.name}", wanted, reply=inbox)
        await done.wait()
        return found
    finally:
        if not client.is_closed:
            await subscription.unsubscribe()


def message_from(message: Msg) -> tuple[int, Message]:
    """A message of a stream, with its sequence number."""
    return message.metadata.sequence.stream, Message(message.subject, message.data, message.headers or {})


def _pushed_to(inbox: str, first: int, only: str | None) -> ConsumerConfig:
    return ConsumerConfig(
        deliver_subject=inbox,
        filter_subject=only,
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=max(first, 1),
        ack_policy=AckPolicy.NONE,
        idle_heartbeat=_HEARTBEAT_S,
        flow_control=True,
        mem_storage=True,
        num_replicas=1,
        inactive_threshold=_FORGOTTEN_S,
    )


def heed_cancellation() -> None:
    """Raise the cancellation of the running task that the client took for something of its own, or lost.

    Before Python 3.12 `asyncio.wait_for`, which it uses, loses one that comes together with the result.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _pulled_from(first: int, only: str | None) -> ConsumerConfig:
    return ConsumerConfig(
        filter_subject=only,
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=max(first, 1),
        ack_policy=AckPolicy.NONE,
        mem_storage=True,
        num_replicas=1,
        inactive_threshold=_FORGOTTEN_S,
    )


async def _something(added: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(_SILENT_S):
            await added.wait()
    except TimeoutError as error:
        raise Interrupted("nothing comes any more") from error


async def _answer(client: Client, status: Msg) -> None:
    """A request of the flow control wants an answer; a heartbeat may carry one that got none."""
    subject = status.reply or (status.headers or {}).get("Nats-Consumer-Stalled")
    if subject:
        await client.publish(subject)
