"""Ports of the loopback address."""

import socket
import time
from pathlib import Path


def free_port() -> int:
    """A TCP port that nobody uses right now; for programs that cannot be told to choose one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert isinstance(port, int)
    return port


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
