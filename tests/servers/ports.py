"""Ports of the loopback address."""

import random
import socket
import time
from pathlib import Path

_PORTS = range(20_000, 32_000)
"""Below those that Linux gives to whoever connects somewhere, which could be taken a moment later; above Ray's own."""
_DRAWN = random.SystemRandom()
_TRIES = 100


def free_port() -> int:
    """A TCP port that nobody uses right now; for programs that cannot be told to choose one."""
    for _ in range(_TRIES):
        port = _DRAWN.choice(_PORTS)
        with socket.socket() as probe:
            # As servers do: a port whose last connections are just over is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise OSError("no port is free")


def wait_for_port(port: int, *, timeout_s: float = 10.0) -> None:
    """Until somebody listens on it. Raises `TimeoutError`."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
        except OSError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"nobody listens on port {port}") from None
            time.sleep(0.02)
        else:
            return


def wait_for_udp_port(port: int, *, timeout_s: float = 20.0) -> None:
    """Until somebody has bound it, as Linux lists it. Raises `TimeoutError`."""
    deadline = time.monotonic() + timeout_s
    while not any(f":{port:04X} " in Path(table).read_text() for table in ("/proc/net/udp", "/proc/net/udp6")):
        if time.monotonic() > deadline:
            raise TimeoutError(f"nobody has bound the UDP port {port}")
        time.sleep(0.02)
