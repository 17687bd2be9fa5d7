"""A TCP server that misbehaves: it accepts and then says nothing, hangs up, or talks nonsense."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from tests.servers.background import LoopThread

Manner = Literal["silent", "hang_up", "garbage"]


class TcpServer:
    """Counts the connections it got in `connections`."""

    def __init__(self, manner: Manner) -> None:
        self.manner = manner
        self.port = 0
        self.connections = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    def url(self, scheme: str, path: str = "/live/stream") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            if self.manner == "garbage":
                await reader.read(1)
                writer.write(bytes(range(256)) * 64)
                await writer.drain()
            elif self.manner == "silent":
                while await reader.read(4096):
                    pass
        except ConnectionError:
            pass
        finally:
            writer.close()
            self._writers.discard(writer)


@contextmanager
def run_tcp_server(manner: Manner) -> Iterator[TcpServer]:
    server = TcpServer(manner)
    with LoopThread(f"tcp-{manner}") as loop:
        loop.run(server.start())
        try:
            yield server
        finally:
            loop.run(server.stop())
