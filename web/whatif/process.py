"""One process that judges, as the service sees it: spawned, told a question, ended by a kill."""

import asyncio
import contextlib
import os
import socket
import sys
from typing import Protocol

from pydantic import ValidationError

from stream.messages import MessageInvalid, frame, read_frame

from ..settings import PREFIX
from .messages import ANSWERS, Answer, Order, block_body, order_body


class JudgeLost(Exception):
    """The process that judges ended, or talks nonsense. Asking again may help."""


class Judge(Protocol):
    """`JudgeProcess`, or what stands for it."""

    @property
    def alive(self) -> bool:
        """Whether it can be told something."""
        ...

    async def tell(self, order: Order) -> None:
        """Raises `JudgeLost`. Waits while it has enough to do."""
        ...

    async def give(self, block: bytes) -> None:
        """A block of the media that it was told of last. Raises `JudgeLost`."""
        ...

    async def answer(self) -> Answer:
        """After `End`. Raises `JudgeLost`."""
        ...

    async def aclose(self) -> None:
        """End it, whatever it is at."""
        ...


class JudgeProcess:
    """A `Judge` in a process of its own. `spawn` makes one."""

    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer

    @classmethod
    async def spawn(cls) -> "JudgeProcess":
        """Start a process. Whether it came up shows when it is told something. Raises `JudgeLost` if there is none."""
        ours, its = socket.socketpair()
        try:
            # -P: a folder named `web` where the operator happens to stand must not be imported instead of ours.
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "web.whatif.child",
                env={name: value for name, value in os.environ.items() if not name.startswith(PREFIX)},
                stdin=its.fileno(),
                stdout=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            ours.close()
            raise JudgeLost("No process could be started to judge in.") from error
        except BaseException:
            ours.close()
            raise
        finally:
            its.close()
        try:
            reader, writer = await asyncio.open_connection(sock=ours)
        except BaseException:
            ours.close()
            await _reap(process)
            raise
        return cls(process, reader, writer)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None and not self._reader.at_eof()

    async def tell(self, order: Order) -> None:
        await self._send(order_body(order))

    async def give(self, block: bytes) -> None:
        await self._send(block_body(block))

    async def answer(self) -> Answer:
        try:
            body = await read_frame(self._reader)
            if body is not None:
                return ANSWERS.validate_json(body)
        except (MessageInvalid, ValidationError) as error:
            raise JudgeLost("The process that judges sent an invalid answer.") from error
        raise JudgeLost("The process that judges ended.")

    async def aclose(self) -> None:
        self._writer.transport.abort()
        await _reap(self._process)

    async def _send(self, body: bytes) -> None:
        try:
            self._writer.write(frame(body))
            await self._writer.drain()
        except OSError as error:
            raise JudgeLost("The process that judges ended.") from error


async def _reap(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()
