"""What the registry works with, as protocols: opening sources and scoring what they give, keeping what outlives it."""

from typing import Protocol

from inference.looking import Tells
from inference.pipeline import Scores
from stream.address import Address
from stream.options import SourceOptions
from stream.sample import Source

from .heats import Locates
from .publishing import ReceivedSource
from .store.blocks import Judged
from .store.standing import StandingStream


class Lane(Scores, Tells, Locates, Protocol):
    """A lane of the scorer: `inference.scorer.Lane`."""


class SampleLane(Scores, Tells, Protocol):
    """A lane for the samples of one source."""


class Keeping(Protocol):
    """What keeps scores: `web.recording.recorder.Recorder`."""

    def add(self, media_id: str, sample: Judged) -> None: ...
    def end(self, media_id: str) -> None: ...


class Remembering(Protocol):
    """What keeps which streams the next service takes up again: `web.recording.standing.Standing`."""

    def add(self, one: StandingStream) -> None: ...
    def remove(self, stream_id: str) -> None: ...


class Pool(Protocol):
    """What opens sources: `stream.pool.WorkerPool`."""

    async def pull(self, address: Address, options: SourceOptions) -> Source: ...
    async def receive(self, offer_sdp: str, options: SourceOptions) -> tuple[ReceivedSource, str]: ...


class Engine(Protocol):
    """Where streams are decoded and scored: `web.engine.LocalEngine`, or hosts of a cluster.

    The samples of its sources go through its lanes.
    """

    async def pull(self, address: Address, options: SourceOptions, *, all_told: bool = False) -> Source:
        """Open an address. `all_told`: its lane will be asked for all that the detector tells, not for scores alone.

        Raises `stream.errors.Overloaded`.
        """
        ...

    async def receive(self, offer_sdp: str, options: SourceOptions) -> tuple[ReceivedSource, str]:
        """Answer a WebRTC offer. Raises `stream.errors.SourceError`."""
        ...

    def full_for(self, address: Address) -> bool:
        """One more stream from there would not be watched."""
        ...

    def lane(self) -> SampleLane: ...
