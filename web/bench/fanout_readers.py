"""Subscribers in a process of their own: plain sockets that count what comes, and when.

As `python -m web.bench.fanout_readers PORT PATH COUNT` it answers each line of its input with a line of JSON.
"""

import asyncio
import base64
import json
import os
import re
import resource
import selectors
import socket
import sys
import time
from array import array
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import numpy as np

from ..commands.common import CommandError

STAMP_DIGITS = 17
_STAMP = re.compile(rb'"reason":"([0-9]{10}\.[0-9]{6})')
_START_TIMEOUT_S = 120.0
_ARRIVE_TIMEOUT_S = 60.0
_LOOK_EVERY_S = 0.05
_READ_BYTES = 1 << 18
_PING = b"\x89\x00"
"""No part of these texts or of the heads of their frames looks like this."""
_PONG = b"\x8a\x80\0\0\0\0"
_TAIL_BYTES = 27
"""What may be the beginning of a stamp."""


def stamp(monotonic_s: float) -> str:
    """A time of the machine's monotonic clock, which all its processes share."""
    return f"{monotonic_s:017.6f}"


def raise_files(count: int) -> None:
    """Let this process and its children open so many. Raises `CommandError`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise CommandError(f"{count} open files are needed, and {hard} are allowed; raise that with `ulimit -Hn`.")
    if soft != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))


@dataclass(frozen=True, slots=True)
class Arrived:
    """Events that arrived since the last reset."""

    events: int
    p50_s: float
    p99_s: float
    """From the stamp to the arrival."""
    last_s: float
    """When the newest did, on the monotonic clock."""


class Readers:
    """A process of subscribers."""

    def __init__(self, process: asyncio.subprocess.Process, count: int) -> None:
        self._process = process
        self.count = count
        self.began_s = 0.0
        """When it began to connect, on the monotonic clock."""

    async def ready(self) -> None:
        """Until all are connected."""
        self.began_s = float(await self._line(_START_TIMEOUT_S))

    async def reset(self) -> None:
        await self._ask("reset")

    async def until(self, events: int) -> Arrived:
        """Until so many have arrived. Raises `CommandError` when they do not."""
        until_s = time.monotonic() + _ARRIVE_TIMEOUT_S
        while (found := Arrived(**json.loads(await self._ask("report")))).events < events:
            if time.monotonic() > until_s:
                raise CommandError(f"Of {events} events {found.events} arrived.")
            await asyncio.sleep(_LOOK_EVERY_S)
        return found

    async def _ask(self, words: str) -> str:
        assert self._process.stdin is not None, "it was asked for"
        self._process.stdin.write(f"{words}\n".encode())
        return await self._line(_ARRIVE_TIMEOUT_S)

    async def _line(self, timeout_s: float) -> str:
        assert self._process.stdout is not None, "it was asked for"
        try:
            async with asyncio.timeout(timeout_s):
                line = await self._process.stdout.readline()
        except TimeoutError as error:
            raise CommandError("The process of subscribers does not answer.") from error
        if not line:
            raise CommandError("The process of subscribers ended.")
        return line.decode()


@asynccontextmanager
async def readers(port: int, path: str, count: int) -> AsyncIterator[Readers]:
    """So many subscribers while the block lasts. Raises `CommandError`."""
    command = (sys.executable, "-m", "web.bench.fanout_readers", str(port), path, str(count))
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        one = Readers(process, count)
        await one.ready()
        yield one
    finally:
        process.kill()
        await process.wait()


@contextmanager
def stuck_reader(port: int, path: str) -> Iterator[None]:
    """A subscriber that takes nothing, with the smallest buffer that the system allows."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", port))
        client.sendall(_handshake(port, path))
        yield


def _handshake(port: int, path: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


class _Counting:
    """The sockets of one process, read as soon as there is something."""

    def __init__(self) -> None:
        self._tails: dict[socket.socket, bytes] = {}
        self._took_s = array("d")
        self._last_s = 0.0
        self._selector = selectors.DefaultSelector()

    def connect(self, port: int, path: str) -> None:
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(_handshake(port, path))
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(1)
        if not head.startswith(b"HTTP/1.1 101"):
            raise SystemExit(head.decode(errors="replace"))
        client.setblocking(False)
        self._selector.register(client, selectors.EVENT_READ, client)

    def run(self) -> None:
        """Until the input ends."""
        self._selector.register(sys.stdin, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.data is not None:
                    self._read(key.data)
                elif not self._answer():
                    return

    def _read(self, client: socket.socket) -> None:
        data = client.recv(_READ_BYTES)
        if not data:
            self._selector.unregister(client)
            return
        now_s = time.monotonic()
        if _PING in data:
            client.send(_PONG)
        data = self._tails.pop(client, b"") + data
        end = 0
        for found in _STAMP.finditer(data):
            self._took_s.append(now_s - float(found[1]))
            self._last_s, end = now_s, found.end()
        self._tails[client] = data[max(end, len(data) - _TAIL_BYTES) :]

    def _answer(self) -> bool:
        words = os.read(0, 4096)
        if words.startswith(b"reset"):
            self._took_s = array("d")
        p50_s, p99_s = map(float, np.quantile(self._took_s or [0.0], (0.5, 0.99)))
        found = {"events": len(self._took_s), "p50_s": p50_s, "p99_s": p99_s, "last_s": self._last_s}
        print(json.dumps(found), flush=True)
        return bool(words)


def _main(port: int, path: str, count: int) -> None:
    counting = _Counting()
    began_s = time.monotonic()
    for _ in range(count):
        counting.connect(port, path)
    print(began_s, flush=True)
    counting.run()


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
