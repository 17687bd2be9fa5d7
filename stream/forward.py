"""Bytes from one connection to another and back, in one thread, with somebody reading along."""

import select
import socket
import ssl
from collections.abc import Callable
from typing import Protocol

_CHUNK_BYTES = 65_536
_NOT_NOW = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_GONE = select.POLLERR | select.POLLHUP | select.POLLNVAL


class Watch(Protocol):
    """Reads along until it is `done`; what it raises ends the connection, and those bytes are not passed on."""

    done: bool

    def from_client(self, data: bytes) -> None: ...

    def from_server(self, data: bytes) -> None: ...


class Forwarding:
    """A client's connection joined to a server's. Closes neither.

    `leave` becomes readable when it is time to stop. `lost` makes the error for a server's connection that breaks;
    `server_left` is called when it closes its side, before the client can notice.
    """

    def __init__(
        self,
        client: socket.socket,
        server: socket.socket,
        leave: socket.socket,
        watch: Watch | None,
        lost: Callable[[OSError], Exception],
        server_left: Callable[[], None] = lambda: None,
    ) -> None:
        client.setblocking(False)
        server.setblocking(False)
        self._client, self._server, self._leave = client, server, leave
        up = None if watch is None else watch.from_client
        down = None if watch is None else watch.from_server
        self._lost = lost
        self._server_left = server_left
        self._up = _Way(client, _ClientGone, server, None, watch, up)
        self._down = _Way(server, lost, client, _ClientGone, watch, down)

    def run(self) -> None:
        """Until either side ends or it is time to leave. Raises what `lost` makes and what the watch raises."""
        try:
            self._run()
        except _ClientGone:
            return

    def _run(self) -> None:
        poll = _Poll()
        poll.set(self._leave, select.POLLIN)
        while True:
            poll.set(self._client, _events(reads=self._up, writes=self._down))
            poll.set(self._server, _events(reads=self._down, writes=self._up))
            ready = poll.wait()
            if self._leave.fileno() in ready:
                # What the client said last, a good-bye, still goes out.
                self._up.move()
                return
            client, server = ready.get(self._client.fileno(), 0), ready.get(self._server.fileno(), 0)
            if _moves(client, server) and not self._up.move():
                return
            if client & _GONE:
                return
            if _moves(server, client) and not self._down.move():
                if isinstance(self._up.deaf, ConnectionResetError):
                    raise self._lost(self._up.deaf) from self._up.deaf
                self._server_left()
                self._drain()
                return

    def _drain(self) -> None:
        """The server has ended: closing at once would take from the client what it has not read yet."""
        try:
            self._client.shutdown(socket.SHUT_WR)
            while wait_readable(self._client, unless=self._leave):
                if not self._client.recv(_CHUNK_BYTES):
                    return
        except OSError:
            return


class _ClientGone(Exception):
    """The client closed its side; nobody is left to tell."""


class _Way:
    """One direction: reads nothing more before all it has read is passed on."""

    def __init__(
        self,
        source: socket.socket,
        source_broke: Callable[[OSError], Exception],
        sink: socket.socket,
        sink_broke: Callable[[OSError], Exception] | None,
        watch: Watch | None,
        look: Callable[[bytes], None] | None,
    ) -> None:
        self._source, self._source_broke = source, source_broke
        self._sink, self._sink_broke = sink, sink_broke
        self._watch, self._look = watch, look
        self._buffer = memoryview(bytearray(_CHUNK_BYTES))
        self.pending = self._buffer[:0]
        self.deaf: OSError | None = None
        """The sink takes nothing more, but may have more to say: without a `sink_broke`, what comes is thrown away."""

    def move(self) -> bool:
        """What goes without waiting. False at the source's end."""
        if not self.pending:
            try:
                count = self._source.recv_into(self._buffer)
            except _NOT_NOW:
                return True
            except OSError as error:
                raise self._source_broke(error) from error
            if not count:
                return False
            self.pending = self._buffer[:count]
            if self._look is not None and self._watch is not None and not self._watch.done:
                self._look(bytes(self.pending))
        try:
            sent = len(self.pending) if self.deaf else self._sink.send(self.pending)
            self.pending = self.pending[sent:]
        except _NOT_NOW:
            return True
        except OSError as error:
            if self._sink_broke is not None:
                raise self._sink_broke(error) from error
            self.deaf = error
            self.pending = self._buffer[:0]
        return True


class _Poll:
    """`select.poll`, told of changes only. A socket without wishes is left out, or its hang-up would wake us on end."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._wanted: dict[int, int] = {}

    def set(self, sock: socket.socket, events: int) -> None:
        descriptor = sock.fileno()
        if self._wanted.get(descriptor, 0) == events:
            return
        self._wanted[descriptor] = events
        if events:
            self._poll.register(descriptor, events)
        else:
            self._poll.unregister(descriptor)

    def wait(self) -> dict[int, int]:
        return dict(self._poll.poll())


def _events(*, reads: _Way, writes: _Way) -> int:
    """What to wait for on the socket from which one way reads and to which the other writes."""
    return (0 if reads.pending else select.POLLIN) | (select.POLLOUT if writes.pending else 0)


def _moves(source: int, sink: int) -> bool:
    """Whether what happened at a way's two ends is a reason to try it."""
    return bool(source & ~select.POLLOUT or sink & ~select.POLLIN)


def wait_readable(sock: socket.socket, *, unless: socket.socket) -> bool:
    """Wait until there is something to read or accept; False when `unless` becomes readable first."""
    poll = _Poll()
    poll.set(sock, select.POLLIN)
    poll.set(unless, select.POLLIN)
    return unless.fileno() not in poll.wait()
