"""Writes to a stream of JetStream, many messages at a time, and hears of each by which number it is kept."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error

from .messages import Message


class NotKept(Error):
    """The server did not keep a message."""


class Writer:
    """Lives on one event loop. The client's own way of doing this waits for a turn of the loop, and more, for each."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._inbox = client.new_inbox()
        self._listening = False
        self._next = 0
        self._waiting: dict[str, asyncio.Future[int]] = {}
        """By what the answers are known."""

    async def write(self, messages: Sequence[Message]) -> int:
        """Send all in their order; the greatest number by which one is kept, once all are.

        Raises `NotKept` and what the client raises: some may be kept then. If no answer comes it waits for ever.
        """
        if not self._listening:
            await self._client.subscribe(f"{self._inbox}.*", cb=self._hear)
            self._listening = True
        loop = asyncio.get_running_loop()
        kept: dict[str, asyncio.Future[int]] = {}
        try:
            for message in messages:
                self._next += 1
                token = f"{self._next:x}"
                self._waiting[token] = kept[token] = loop.create_future()
                await self._client.publish(
                    message.subject, message.body, reply=f"{self._inbox}.{token}", headers=dict(message.headers)
                )
            return max(await asyncio.gather(*kept.values()), default=0)
        finally:
            for token, one in kept.items():
                one.cancel()
                self._waiting.pop(token, None)

    async def _hear(self, answer: Msg) -> None:
        waiting = self._waiting.pop(answer.subject.rpartition(".")[2], None)
        if waiting is None or waiting.done():
            return
        if answer.headers:
            # Nobody keeps such messages: there is no stream, or no JetStream.
            waiting.set_exception(NotKept("the stream is gone"))
            return
        told: dict[str, Any] = json.loads(answer.data)
        if "error" in told:
            waiting.set_exception(NotKept(told["error"].get("description", "it is not said why")))
        else:
            waiting.set_result(int(told["seq"]))
