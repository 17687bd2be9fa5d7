"""An event loop in a thread of its own, so that a server answers whatever the test's own loop is doing."""

import asyncio
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import TypeVar

T = TypeVar("T")

_CALL_S = 20.0


class LoopThread:
    """Context manager; `run` carries a coroutine out on the other loop and waits for its result."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name)

    def __enter__(self) -> "LoopThread":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.run(_settle())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CALL_S)
        self._loop.close()

    def run(self, work: Coroutine[None, None, T]) -> T:
        """Raises what the coroutine raises, `TimeoutError` after 20 s."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_CALL_S)


async def _settle() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    for _ in range(3):
        # Transports that were closed just now are let go of in the loop's next rounds.
        await asyncio.sleep(0)
    await asyncio.get_running_loop().shutdown_asyncgens()
