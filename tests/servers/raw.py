"""A TCP server that answers in its own bytes, for what no HTTP server would send."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Answer = Callable[[str, socket.socket], None]
"""Gets a request's head and the connection, which is closed when it returns."""


@dataclass
class RawServer:
    port: int
    requests: list[str] = field(default_factory=list)
    """Their heads, in order."""
    stopping: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def repeat(self, connection: socket.socket, piece: bytes, every_s: float) -> None:
        """Send the same over and over, until the client leaves or the server stops."""
        while not self.stopping.wait(every_s):
            connection.sendall(piece)


@contextlib.contextmanager
def raw_server(answer: Answer) -> Iterator[RawServer]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = RawServer(listener.getsockname()[1])
        threads: list[threading.Thread] = []

        def serve(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                connection.settimeout(10.0)
                head = b""
                while b"\r\n\r\n" not in head:
                    data = connection.recv(4096)
                    if not data:
                        return
                    head += data
                server.requests.append(head.decode("latin-1"))
                answer(server.requests[-1], connection)

        def accept() -> None:
            while True:
                connection, _ = listener.accept()
                if server.stopping.is_set():
                    connection.close()
                    return
                threads.append(threading.Thread(target=serve, args=(connection,)))
                threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield server
        finally:
            server.stopping.set()
            socket.create_connection(("127.0.0.1", server.port), timeout=10.0).close()
            accepting.join()
            for thread in threads:
                thread.join()


def always(answer: bytes) -> Answer:
    """The same bytes for every request."""
    return lambda _, connection: connection.sendall(answer)


def header(request: str, name: str) -> str | None:
    for line in request.split("\r\n")[1:]:
        if line.lower().startswith(f"{name.lower()}:"):
            return line.partition(":")[2].strip()
    return None


def asked_range(request: str) -> tuple[int, int | None]:
    """First and last byte of a request's range; (0, None) without one."""
    first, _, last = (header(request, "Range") or "bytes=0-").removeprefix("bytes=").partition("-")
    return int(first), int(last) if last else None
