"""What a WebRTC publisher is answered by whoever receives it, which is another process."""

import asyncio
from collections.abc import Callable

from stream.errors import Failure, SourceTimeout, error_from


class Negotiation:
    """The answer to its offer, and those to its ICE restarts, one after the other. Lives on one event loop."""

    def __init__(self) -> None:
        self._answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._restart: asyncio.Future[str | None] | None = None
        self._over = False

    async def answer(self, *, within_s: float) -> str:
        """The SDP answer. Raises `stream.errors.SourceError` when there is none in time."""
        try:
            async with asyncio.timeout(within_s):
                return await asyncio.shield(self._answer)
        except TimeoutError as error:
            raise SourceTimeout("The offer was not answered in time.") from error

    def answered(self, answer: str) -> None:
        if not self._answer.done():
            self._answer.set_result(answer)

    async def restart(self, send: Callable[[], None], *, within_s: float) -> str | None:
        """The fragment that answers a new ICE session, which `send` asks for; None if it cannot be had."""
        if self._over or self._restart is not None:
            return None
        self._restart = asyncio.get_running_loop().create_future()
        send()
        try:
            async with asyncio.timeout(within_s):
                return await self._restart
        except TimeoutError:
            return None
        finally:
            self._restart = None

    def restarted(self, fragment: str | None) -> None:
        if self._restart is not None and not self._restart.done():
            self._restart.set_result(fragment)

    def end(self, failure: Failure | None) -> None:
        """Nothing is answered any more; the failure if it is one that ended the source. Idempotent."""
        self._over = True
        self.restarted(None)
        if self._answer.done():
            return
        if failure is None:
            self._answer.cancel()
        else:
            self._answer.set_exception(error_from(failure))
            self._answer.exception()  # retrieved: nobody may be waiting for an answer
