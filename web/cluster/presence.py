"""One service of a region on an event log: whoever comes asks whether another one is there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoRespondersError

_EVERYBODY: Final = "gorewatch.present"
"""Not among those that the log keeps. Versions before regions answer here, which record the events of all regions."""
_ANSWER_S = 1.0


class SomebodyThere(Exception):
    """Another service answered."""


@asynccontextmanager
async def alone(client: Client, region: str) -> AsyncIterator[None]:
    """Answer whoever asks for the region. Raises `SomebodyThere`, and what NATS raises.

    One that is frozen is not noticed.
    """
    subject = f"{_EVERYBODY}.{region}"
    for asked in (subject, _EVERYBODY):
        try:
            await client.request(asked, timeout=_ANSWER_S)
        except (NoRespondersError, TimeoutError):
            continue
        raise SomebodyThere

    async def answer(message: Msg) -> None:
        await message.respond(b"here")

    subscription = await client.subscribe(subject, cb=answer)
    try:
        yield
    finally:
        if not client.is_closed:
            await subscription.unsubscribe()
