"""Processes that judge: started when there is a question, kept for the next one, ended when none comes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from .process import Judge, JudgeProcess

IDLE_S = 60.0


class Judges:
    """Lives on one event loop. How many there are at once is up to those who ask."""

    def __init__(self, *, idle_s: float = IDLE_S, spawn: Callable[[], Awaitable[Judge]] = JudgeProcess.spawn) -> None:
        """One that nobody wanted for `idle_s` is ended."""
        self._idle_s = idle_s
        self._spawn = spawn
        self._idle: dict[asyncio.Task[None], Judge] = {}
        """By the tasks that will end them."""
        self._ending: set[asyncio.Task[None]] = set()
        """Those tasks, and those that are at it."""
        self._closing = False

    @property
    def idle(self) -> int:
        """Processes that wait for a question."""
        return len(self._idle)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Judge]:
        """A process for one question. When that is broken off, by whatever it is, the process is ended.

        Raises `JudgeLost` if none can be started.
        """
        judge = await self._take() or await self._spawn()
        try:
            yield judge
        except BaseException:
            await judge.aclose()
            raise
        if self._closing or not judge.alive:
            await judge.aclose()
        else:
            self._keep(judge)

    async def aclose(self) -> None:
        """End those that wait for a question, and keep none from now on. Idempotent."""
        self._closing = True
        while (judge := self._unkept()) is not None:
            await judge.aclose()
        if self._ending:
            await asyncio.wait(self._ending)

    async def _take(self) -> Judge | None:
        """One that is idle, and alive."""
        while (judge := self._unkept()) is not None:
            if judge.alive:
                return judge
            await judge.aclose()
        return None

    def _unkept(self) -> Judge | None:
        if not self._idle:
            return None
        ending, judge = self._idle.popitem()
        ending.cancel()
        return judge

    def _keep(self, judge: Judge) -> None:
        ending = asyncio.create_task(self._end_later(), name="judge-idle")
        self._idle[ending] = judge
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def _end_later(self) -> None:
        await asyncio.sleep(self._idle_s)
        task = asyncio.current_task()
        assert task is not None, "a task runs this"
        await self._idle.pop(task).aclose()
