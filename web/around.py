"""What the registry works with, as protocols: scoring, opening sources, keeping scores."""

from typing import Protocol

from inference.looking import Tells
from inference.pipeline import Scores
from stream.address import Address
from stream.options import SourceOptions
from stream.sample import Source

from .heats import Locates
from .publishing import ReceivedSource
from .store.blocks import Judged


class Lane(Scores, Tells, Locates, Protocol):
    """A lane of the scorer: `inference.scorer.Lane`."""


class Keeping(Protocol):
    """What keeps scores: `web.recording.recorder.Recorder`."""

    def add(self, media_id: str, sample: Judged) -> None: ...
    def end(self, media_id: str) -> None: ...


class Pool(Protocol):
    """What opens sources: `stream.pool.WorkerPool`."""

    async def pull(self, address: Address, options: SourceOptions) -> Source: ...
    async def receive(self, offer_sdp: str, options: SourceOptions) -> tuple[ReceivedSource, str]: ...
