"""A live HTTP server of MPEG-TS that is lost in the middle and comes back with something else."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

_PIECES_PER_S = 20


class Feed:
    """For `raw_server`: sends each client the next clip, at the speed at which it plays, and hangs up in its middle."""

    def __init__(self, clips: Iterator[Path], *, seconds: float = 6.0) -> None:
        """Of clips that are so long."""
        self._clips = clips
        self._seconds = seconds
        self._never = threading.Event()

    def __call__(self, _: str, connection: socket.socket) -> None:
        clip = next(self._clips, None)
        if clip is None:
            return
        content = clip.read_bytes()
        connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: video/mp2t\r\n\r\n")
        piece = int(len(content) / self._seconds / _PIECES_PER_S)
        for start in range(0, len(content) // 2, piece):
            connection.sendall(content[start : start + piece])
            self._never.wait(1.0 / _PIECES_PER_S)
