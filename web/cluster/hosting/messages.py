"""What the service and a host say to each other: frozen values. Both are ours, and neither has touched media.

A host is told whose orders it takes by a term, which grows each time that the service takes the host on: what belongs
to an earlier term is not heard. So a host that was given up, and wakes up late, changes nothing.

What is said once a sample is a tuple, and not a dataclass: it is pickled in half the time, and read in a quarter.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from inference.taxonomy import Taxonomy
from stream.address import Address
from stream.options import SourceOptions
from stream.sample import Counters, Status


@dataclass(frozen=True, slots=True)
class Open:
    """Pull an address, and tell how its samples score."""

    source: int
    address: Address
    options: SourceOptions
    all_told: bool
    """With all that the detector tells of each."""


@dataclass(frozen=True, slots=True)
class Receive:
    """Answer a WebRTC offer; `Answered` follows."""

    source: int
    offer: str
    options: SourceOptions


@dataclass(frozen=True, slots=True)
class Trickle:
    """A fragment that a WebRTC publisher sent after its offer; `Restarted` follows if it begins a new ICE session."""

    source: int
    fragment: str
    restart: bool


@dataclass(frozen=True, slots=True)
class Hurry:
    source: int
    for_s: float


class Taken(NamedTuple):
    """So many samples of a source were judged: as many more may be sent."""

    source: int
    samples: int


@dataclass(frozen=True, slots=True)
class Close:
    source: int


@dataclass(frozen=True, slots=True)
class Answered:
    source: int
    answer: str


@dataclass(frozen=True, slots=True)
class Restarted:
    """The fragment that answers an ICE restart, None if there was none."""

    source: int
    fragment: str | None


class Sampled(NamedTuple):
    """One sample was scored."""

    source: int
    position_s: float
    captured_s: float
    """By the host's monotonic clock."""
    epoch: int
    raw: float
    taxonomy: Taxonomy | None = None
    jpeg: bytes | None = None


@dataclass(frozen=True, slots=True)
class Stated:
    """A source changed its state. The final one is the last thing that is heard of a source."""

    source: int
    status: Status


class Counted(NamedTuple):
    """Every second, of each source: its totals, with the samples given up since by what scores."""

    source: int
    counters: Counters
    vacant: bool = False
    """Of one that receives WebRTC: its publisher sends nothing any more."""


Order = Open | Receive | Trickle | Hurry | Taken | Close
Report = Answered | Restarted | Sampled | Stated | Counted


@dataclass(frozen=True, slots=True)
class Load:
    """How busy a host is."""

    busy: float = 0.0
    """The share of its processors' time that it used lately, its workers included; 0 to 1."""
    streams: int = 0
    """That it watches."""
    workers: int = 0
    """Processes that decode."""
    worker_restarts: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """What a host has to tell, in order."""

    sent_s: float
    """By the host's monotonic clock."""
    reports: tuple[Report, ...] = ()
    load: Load = field(default_factory=Load)


@dataclass(frozen=True, slots=True)
class Lapsed:
    """The orders, or the question, are not of the term that the host is in."""
