"""MPEG-TS as it comes: over TCP, over UDP, and from a program that speaks SRT. What FFmpeg reads from in their place.

FFmpeg opens nothing for these addresses: it is given a file to read, and its host was checked before.
"""

import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Protocol

from stream import egress
from stream.address import Address
from stream.deadline import Deadline
from stream.errors import (
    AddressRefused,
    ConnectionLost,
    ConnectionRefused,
    SourceError,
    SourceTimeout,
)
from stream.options import SourceOptions
from stream.srt import transmitted

SCHEMES = frozenset({"tcp", "udp", "srt"})
_STEP_S = 0.5
"""How often somebody who waits looks whether to go on waiting."""
_DATAGRAM_BYTES = 65_536
_KERNEL_BYTES = 4 << 20
"""Asked for; what comes while a picture is decoded waits there. The system may give less (net.core.rmem_max)."""


class Pipe(Protocol):
    """Where the bytes come from."""

    @property
    def held(self) -> bool:
        """Whether there is something to take without waiting for the descriptor."""
        ...

    def fileno(self) -> int: ...

    def take(self, size: int) -> bytes:
        """What is there, at most `size` bytes; none at the end. Raises OSError or `SourceError`."""
        ...


class Feed:
    """A file for FFmpeg over a pipe, with deadlines. To be used by one thread."""

    def __init__(
        self,
        address: Address,
        pipe: Pipe,
        heard: Callable[[], None],
        stop: threading.Event,
        open_timeout_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`heard` is called while bytes are waited for, which `stop` ends.

        Who listens waits for the first for as long as it takes; the time to open counts from then on.
        """
        self._name = address.redacted
        self._pipe = pipe
        self._heard = heard
        self._stop = stop
        self._patient = address.listens
        self._open_timeout_s = open_timeout_s
        self._broken = False
        self.deadline = Deadline(clock)
        self.deadline.arm(open_timeout_s)
        self.got = False
        """Whether any byte came."""
        self.failure: SourceError | None = None

    def read(self, size: int) -> bytes:
        """At least one byte, at most `size`; none at the end. Raises `SourceError`, once: then it is at its end."""
        if self._broken:
            return b""
        try:
            self._wait()
            data = self._pipe.take(size)
        except OSError as error:
            self.failure = ConnectionLost(f"{self._name} broke off: {error.strerror or type(error).__name__}.")
        except SourceError as error:
            self.failure = error
        else:
            if self._patient:
                self._patient = False
                self.deadline.arm(self._open_timeout_s)
            self.got = self.got or bool(data)
            return data
        self._broken = True
        raise self.failure

    def _wait(self) -> None:
        """Until there is something to take. Raises `SourceTimeout`, and `ConnectionLost` when it is told to stop."""
        while not self._pipe.held:
            left_s = _STEP_S if self._patient else min(_STEP_S, self._left_s())
            if select.select([self._pipe.fileno()], [], [], left_s)[0]:
                return
            self._heard()
            if self._stop.is_set():
                raise ConnectionLost(f"{self._name} was told to stop.")

    def _left_s(self) -> float:
        try:
            return self.deadline.left_s()
        except SourceTimeout as error:
            raise SourceTimeout(f"{self._name} stayed silent for too long.") from error


class _Stream:
    """A TCP connection."""

    held = False

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def fileno(self) -> int:
        return self._sock.fileno()

    def take(self, size: int) -> bytes:
        return self._sock.recv(size)


class _Datagrams:
    """A UDP socket. What of a datagram FFmpeg's buffer has no room for is kept for the next read."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._left = b""

    @property
    def held(self) -> bool:
        return bool(self._left)

    def fileno(self) -> int:
        return self._sock.fileno()

    def take(self, size: int) -> bytes:
        data = self._left or self._sock.recv(_DATAGRAM_BYTES)
        self._left = data[size:]
        return data[:size]


@contextmanager
def fed(address: Address, options: SourceOptions, heard: Callable[[], None], stop: threading.Event) -> Iterator[Feed]:
    """What comes from an address of the schemes tcp, udp and srt. Raises what its way of coming raises."""
    ways = {"tcp": connected, "udp": received, "srt": transmitted}
    with ways[address.scheme](address, options) as pipe:
        yield Feed(address, pipe, heard, stop, options.open_timeout_s)


@contextmanager
def connected(address: Address, options: SourceOptions) -> Iterator[Pipe]:
    """MPEG-TS over TCP, from a server. Blocks for at most `options.open_timeout_s`.

    Raises `HostUnknown`, `AddressRefused`, `SourceTimeout`, `ConnectionRefused` or `ConnectionLost`.
    """
    assert address.host is not None, "a network address has a host"
    until_s = time.monotonic() + options.open_timeout_s
    ips = egress.reachable(address.host, options, options.open_timeout_s)
    failed: OSError | None = None
    for tried, ip in enumerate(ips):
        left_s = max(0.001, until_s - time.monotonic())
        try:
            sock = socket.create_connection((ip, address.port or 0), timeout=left_s / (len(ips) - tried))
        except OSError as error:
            failed = error
            continue
        with sock:
            sock.setblocking(False)
            yield _Stream(sock)
        return
    name = address.redacted
    if isinstance(failed, TimeoutError):
        raise SourceTimeout(f"{name} did not answer within {options.open_timeout_s:g} s.") from failed
    if isinstance(failed, ConnectionRefusedError):
        raise ConnectionRefused(f"{name} refuses the connection; nothing listens on that port.") from failed
    reason = failed.strerror if failed is not None else "it has no address"
    raise ConnectionLost(f"{name} cannot be reached: {reason}.") from failed


@contextmanager
def received(address: Address, options: SourceOptions) -> Iterator[Pipe]:
    """MPEG-TS over UDP, sent to a port of this machine or to a multicast group.

    Raises `AddressRefused` unless the operator named the address, and where the port cannot be had.
    """
    if not options.trusted:
        raise AddressRefused(
            "UDP is received on a port of this machine, which only its operator may open: "
            f"start the service with --source NAME={address.redacted}."
        )
    assert address.host is not None, "a network address has a host"
    ip = ip_address(egress.reachable(address.host, options, options.open_timeout_s)[0])
    family = socket.AF_INET if ip.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _KERNEL_BYTES)
            if ip.is_multicast:
                # Several of us, and others, may listen to one group.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((str(ip), address.port or 0))
            _join(sock, ip)
        except OSError as error:
            raise AddressRefused(
                f"{address.redacted} cannot be listened at: {error.strerror}; name an address of this machine, "
                "a port that is free, or a multicast group."
            ) from error
        sock.setblocking(False)
        yield _Datagrams(sock)


def _join(sock: socket.socket, ip: IPv4Address | IPv6Address) -> None:
    if not ip.is_multicast:
        return
    if isinstance(ip, IPv4Address):
        any_interface = struct.pack("=4sl", ip.packed, socket.INADDR_ANY)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, any_interface)
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, struct.pack("@16sI", ip.packed, 0))
