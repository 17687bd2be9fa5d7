"""What the service and a worker say to each other: small frozen values, as length-prefixed JSON on two sockets.

JSON that is validated on arrival, not pickle: a worker that hostile media has taken over must not be able to run code
in the service.
"""

import asyncio
import socket
import struct
import threading
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from stream.address import Address
from stream.errors import Failure
from stream.ice import IceOptions
from stream.options import SourceOptions
from stream.sample import Counters, SourceInfo

_LENGTH = struct.Struct("!I")
_MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Pull:
    """Open an address and send its samples."""

    source: int
    address: Address
    options: SourceOptions
    kind: Literal["pull"] = "pull"


@dataclass(frozen=True, slots=True)
class Receive:
    """Answer a WebRTC offer and send the samples of its video."""

    source: int
    offer: str
    options: SourceOptions
    ice: IceOptions = field(default_factory=IceOptions)
    kind: Literal["receive"] = "receive"


@dataclass(frozen=True, slots=True)
class Trickle:
    """A fragment (RFC 8840) that a WebRTC publisher sent after its offer."""

    source: int
    fragment: str
    restart: bool
    """It begins a new ICE session; `Restarted` answers it."""
    kind: Literal["trickle"] = "trickle"


@dataclass(frozen=True, slots=True)
class Stop:
    source: int
    kind: Literal["stop"] = "stop"


@dataclass(frozen=True, slots=True)
class Hurry:
    """Sample at the source's `max_fps` for so many seconds of media time."""

    source: int
    for_s: float
    kind: Literal["hurry"] = "hurry"


@dataclass(frozen=True, slots=True)
class GiveBack:
    slots: list[int]
    kind: Literal["give_back"] = "give_back"


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker has started and takes orders."""

    kind: Literal["ready"] = "ready"


@dataclass(frozen=True, slots=True)
class Alive:
    """Sent every second, so that a worker that hangs is noticed."""

    kind: Literal["alive"] = "alive"


@dataclass(frozen=True, slots=True)
class Answered:
    source: int
    answer: str
    kind: Literal["answered"] = "answered"


@dataclass(frozen=True, slots=True)
class Restarted:
    """The fragment that answers an ICE restart, None if there was none."""

    source: int
    fragment: str | None
    kind: Literal["restarted"] = "restarted"


@dataclass(frozen=True, slots=True)
class Opened:
    """The first frame was decoded."""

    source: int
    info: SourceInfo
    kind: Literal["opened"] = "opened"


@dataclass(frozen=True, slots=True)
class Picked:
    """A sample lies in a slot; the slot is the service's until it gives it back."""

    source: int
    slot: int
    number: int
    position_s: Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
    captured_s: Annotated[float, Field(allow_inf_nan=False)]
    epoch: int
    kind: Literal["picked"] = "picked"


@dataclass(frozen=True, slots=True)
class Progress:
    """At least once a second while the source's thread makes headway, or waits for the service on purpose."""

    source: int
    counters: Counters = field(default_factory=Counters)
    kind: Literal["progress"] = "progress"


@dataclass(frozen=True, slots=True)
class Done:
    """The last message of a source."""

    source: int
    failure: Failure | None
    off_air: bool = False
    """It is live, and ended without a failure and without saying that it is over."""
    kind: Literal["done"] = "done"


Order = Annotated[Pull | Receive | Trickle | Stop | Hurry | GiveBack, Field(discriminator="kind")]
Report = Annotated[
    Ready | Alive | Answered | Restarted | Opened | Picked | Progress | Done,
    Field(discriminator="kind"),
]

ORDERS: TypeAdapter[Pull | Receive | Trickle | Stop | Hurry | GiveBack] = TypeAdapter(Order)
REPORTS: TypeAdapter[Ready | Alive | Answered | Restarted | Opened | Picked | Progress | Done] = TypeAdapter(Report)


class MessageInvalid(Exception):
    """The other side sent what is no message: it is broken and must be replaced."""


def frame(body: bytes) -> bytes:
    """A message's bytes with their length in front. Raises `MessageInvalid` for one that is too long to be sent."""
    if len(body) > _MAX_BYTES:
        raise MessageInvalid(f"a message of {len(body)} bytes")
    return _LENGTH.pack(len(body)) + body


async def read_frame(reader: asyncio.StreamReader) -> bytes | None:
    """The next message's bytes, or None when the other side has gone. Raises `MessageInvalid`.

    A cancelled read may have taken part of a message: the connection is then unusable.
    """
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        if length > _MAX_BYTES:
            raise MessageInvalid(f"a message of {length} bytes is announced")
        return await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


class ServiceGone(OSError):
    """Nobody hears what a worker says: it is no fault of a source's, and the worker is about to end."""


class Reports:
    """The worker's way to the service: blocking, from any thread."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def send(self, report: Ready | Alive | Answered | Restarted | Opened | Picked | Progress | Done) -> None:
        """Raises `ServiceGone`."""
        body = frame(REPORTS.dump_json(report))
        with self._lock:
            try:
                self._connection.sendall(body)
            except OSError as error:
                raise ServiceGone("the service has gone") from error
