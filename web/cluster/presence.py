"""One service an event log: whoever comes asks whether another one is there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoRespondersError

_SUBJECT: Final = "gorewatch.present"
"""Not among those that the log keeps."""
_ANSWER_S = 1.0


class SomebodyThere(Exception):
    """Another service answered."""


@asynccontextmanager
async def alone(client: Client) -> AsyncIterator[None]:
    """Answer whoever asks. Raises `SomebodyThere`, and what NATS raises; one that is frozen is not noticed."""
    try:
        await client.request(_SUBJECT, timeout=_ANSWER_S)
    except (NoRespondersError, TimeoutError):
        pass
    else:
        raise SomebodyThere

    async def answer(message: Msg) -> None:
        await message.respond(b"here")

    subscription = await client.subscribe(_SUBJECT, cb=answer)
    try:
        yield
    finally:
        if not client.is_closed:
            await subscription.unsubscribe()
