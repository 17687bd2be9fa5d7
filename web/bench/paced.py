"""Serves one MPEG-TS file to everybody who asks, each GOP when its time has come: `python -m web.bench.paced FILE`.

Every client is a live stream of its own that begins when it connects; with `?phase=S` one that went on before: its key
frames come S seconds after each multiple of the GOP's length, and nothing comes before the next. It is as cheap as can
be, one write a GOP, for it shares the processors with what is measured. Its port is the first line of its output.
"""

import asyncio
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

_PACKET_BYTES = 188
_SYNC = 0x47
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nConnection: close\r\n\r\n"
_END_OF_HEAD = b"\r\n\r\n"
_PHASE = re.compile(rb"\?phase=([0-9]{1,4}(?:\.[0-9]{1,6})?) ")
_MOST_HEAD_BYTES = 8192
_MOST_UNREAD_BYTES = 4 << 20
"""A client that leaves more than this is cut off."""
_BACKLOG = 512


def gop_starts(content: bytes) -> list[int]:
    """Where each GOP of an MPEG-TS file with one video track begins, with the tables before it, in bytes.

    Raises ValueError for what is none.
    """
    rows: npt.NDArray[np.uint8] = np.frombuffer(content, np.uint8)
    if not rows.size or rows.size % _PACKET_BYTES:
        raise ValueError("no MPEG-TS file: it does not consist of packets of 188 bytes")
    rows = rows.reshape(-1, _PACKET_BYTES)
    if (rows[:, 0] != _SYNC).any():
        raise ValueError("no MPEG-TS file: a packet does not begin with its mark")
    begins = (rows[:, 1] & 0x40) != 0
    # An adaptation field that says that decoding may begin here.
    random_access = ((rows[:, 3] & 0x20) != 0) & (rows[:, 4] > 0) & ((rows[:, 5] & 0x40) != 0)
    keys = np.flatnonzero(begins & random_access)
    tables = np.flatnonzero(((rows[:, 1] & 0x1F) == 0) & (rows[:, 2] == 0))
    if not keys.size or not tables.size or tables[0] > keys[0]:
        raise ValueError("no key frame in it that a player could begin with")
    first = tables[np.searchsorted(tables, keys, side="right") - 1]
    return [0, *(int(row) * _PACKET_BYTES for row in first[1:])]


@dataclass(frozen=True, slots=True)
class Gops:
    """A file's bytes, where each GOP begins and, last, where the file ends; and how long each of them plays."""

    content: memoryview
    edges: list[int]
    gop_s: float

    def __len__(self) -> int:
        return len(self.edges) - 1

    def piece(self, number: int) -> memoryview:
        return self.content[self.edges[number] : self.edges[number + 1]]


class Client(asyncio.Protocol):
    """One connection: its request's head is awaited, not read, and then the file comes, paced."""

    def __init__(self, gops: Gops) -> None:
        self._gops = gops
        self._loop = asyncio.get_running_loop()
        self._head = b""
        self._transport: asyncio.Transport | None = None
        self._began_s: float | None = None
        self._sent = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport), "of a TCP server"
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._began_s is not None or self._transport is None:
            return
        self._head += data
        if _END_OF_HEAD in self._head:
            self._transport.write(_HEAD)
            now_s = self._loop.time()
            self._began_s = now_s + wait_s(self._head, now_s, self._gops.gop_s)
            self._timer = self._loop.call_at(self._began_s, self._send, self._transport, self._began_s)
        elif len(self._head) > _MOST_HEAD_BYTES:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()

    def _send(self, transport: asyncio.Transport, began_s: float) -> None:
        if self._sent == len(self._gops):
            transport.close()
        elif transport.get_write_buffer_size() > _MOST_UNREAD_BYTES:
            transport.abort()
        else:
            transport.write(self._gops.piece(self._sent))
            self._sent += 1
            due_s = began_s + self._sent * self._gops.gop_s
            self._timer = self._loop.call_at(due_s, self._send, transport, began_s)


def wait_s(head: bytes, now_s: float, gop_s: float) -> float:
    """Until the first key frame of the stream that a request's head asks for."""
    phase = _PHASE.search(head.partition(b"\r\n")[0])
    return 0.0 if phase is None else (float(phase[1]) - now_s) % gop_s


def read_gops(path: Path, gop_s: float) -> Gops:
    """A file of GOPs of one length. Raises ValueError for a file that is no MPEG-TS."""
    content = path.read_bytes()
    return Gops(memoryview(content), [*gop_starts(content), len(content)], gop_s)


async def serve(gops: Gops) -> None:
    """Serve the file until this is cancelled."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Client(gops), "127.0.0.1", 0, backlog=_BACKLOG)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(read_gops(Path(sys.argv[1]), float(sys.argv[2]))))
