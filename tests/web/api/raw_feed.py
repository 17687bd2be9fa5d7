"""Subscribers that are less than a WebSocket client: they shake hands, and then do what a test wants."""

import asyncio
import base64
import json
import os
import socket
import struct

from tests.web.serving import Served


async def raw_client(served: Served, *, query: str = "", receive_bytes: int = 4096, headers: str = "") -> socket.socket:
    """Shakes hands and then reads nothing by itself, with the smallest buffer the system allows."""
    client, head = await request(served, query=query, receive_bytes=receive_bytes, headers=headers)
    assert head.startswith(b"HTTP/1.1 101"), head
    return client


async def request(
    served: Served, *, query: str = "", receive_bytes: int = 4096, headers: str = ""
) -> tuple[socket.socket, bytes]:
    """Ask for a WebSocket, with more headers; the connection, and the head of the answer."""
    host, port = served.url.removeprefix("http://").split(":")
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, (host, int(port)))
    key = base64.b64encode(os.urandom(16)).decode()
    asked = (
        f"GET /v1/events{query} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{headers}\r\n"
    )
    await loop.sock_sendall(client, asked.encode())
    head = b""
    while b"\r\n\r\n" not in head:
        data = await loop.sock_recv(client, 1)
        assert data, "it was closed without an answer"
        head += data
    return client, head


def frame(opcode: int, payload: bytes, *, length: int | None = None, flags: int = 0x80) -> bytes:
    """A masked frame, as clients send them; `length` is what it says, if that is not so."""
    size = len(payload) if length is None else length
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
    if size < 126:
        return bytes((flags | opcode, 0x80 | size)) + mask + masked
    return bytes((flags | opcode, 0xFF)) + struct.pack("!Q", size) + mask + masked


async def read_to_the_close(client: socket.socket) -> tuple[list[str], int, str]:
    """All event ids that a client finds once it reads again, and the code and reason of the close frame."""
    loop = asyncio.get_running_loop()
    data = b""
    async with asyncio.timeout(20):
        while chunk := await loop.sock_recv(client, 1 << 20):
            data += chunk
            ids, close = frames(data)
            if close is not None:
                return ids, *close
    raise AssertionError("the connection ended without a close frame")


async def closed(client: socket.socket) -> bytes:
    """All that comes until the connection ends."""
    loop = asyncio.get_running_loop()
    data = b""
    async with asyncio.timeout(20):
        try:
            while chunk := await loop.sock_recv(client, 1 << 20):
                data += chunk
        except ConnectionError:
            pass
    return data


def frames(data: bytes) -> tuple[list[str], tuple[int, str] | None]:
    """The ids of the text frames, and code and reason if there is a close frame."""
    at = 0
    ids: list[str] = []
    while at + 4 <= len(data):
        opcode, length, start = data[at] & 15, data[at + 1], at + 2
        if length == 126:
            length, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
        if start + length > len(data):
            break
        payload = data[start : start + length]
        if opcode == 8:
            return ids, (int.from_bytes(payload[:2], "big"), payload[2:].decode())
        if opcode == 1:
            ids.append(str(json.loads(payload)["id"]))
        at = start + length
    return ids, None
