"""Requests as bytes, for what no HTTP library would send."""

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

from tests.web.api.compat.calling import Api

WITHIN_S = 20.0


def talk(api: Api, pieces: Iterator[bytes], *, every_s: float = 0.0) -> tuple[int, dict[str, Any]]:
    """Send until there is an answer, and read that."""
    port = int(api.service.url.rpartition(":")[2])
    deadline_s = time.monotonic() + WITHIN_S
    with socket.create_connection(("127.0.0.1", port), timeout=WITHIN_S) as connection:
        answer = b""
        connection.settimeout(every_s or 0.001)
        while b"\r\n\r\n" not in answer or not _complete(answer):
            assert time.monotonic() < deadline_s, "no answer"
            if piece := next(pieces, b""):
                connection.settimeout(WITHIN_S)
                connection.sendall(piece)
                connection.settimeout(every_s or 0.001)
            try:
                answer += connection.recv(65536)
            except TimeoutError:
                continue
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def _complete(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(lengths) and len(body) >= int(lengths[0].split(b":")[1])
