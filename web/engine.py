"""The local engine: streams are decoded by the worker processes of this service, and scored in it."""

from typing import Protocol

from stream.address import Address
from stream.options import SourceOptions
from stream.sample import Source

from .around import Lane, Pool
from .publishing import ReceivedSource


class LaneMaker(Protocol):
    """`inference.scorer.Scorer`."""

    def lane(self) -> Lane: ...


class LocalEngine:
    """A `web.around.Engine` of a pool and a scorer."""

    def __init__(self, pool: Pool, scorer: LaneMaker) -> None:
        self._pool = pool
        self._scorer = scorer

    async def pull(self, address: Address, options: SourceOptions, *, all_told: bool = False) -> Source:
        del all_told  # a lane of the scorer is asked for either
        return await self._pool.pull(address, options)

    async def receive(self, offer_sdp: str, options: SourceOptions) -> tuple[ReceivedSource, str]:
        return await self._pool.receive(offer_sdp, options)

    def full_for(self, address: Address) -> bool:
        del address
        return False  # its workers say so themselves, when a source is opened

    def lane(self) -> Lane:
        return self._scorer.lane()
