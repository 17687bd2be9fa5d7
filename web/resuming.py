"""Takes up the live streams of an earlier service: all are there at once, and are opened a few at a time."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from stream.errors import SourceError
from stream.sample import State

from .access.access import Access
from .names import NotAccepted
from .recording.standing import Standing
from .registry import Registry
from .running import Stream
from .store import jobs, regions
from .store import standing as rows
from .store.standing import StandingStream
from .store.store import Store

_OPENING_S = 1.0
"""One that takes longer does not keep the next one waiting."""
_LOOK_EVERY_S = 0.02
_NAMED = 10
_log = logging.getLogger("gorewatch.service")


@dataclass(frozen=True, slots=True)
class _Waiting:
    stream: Stream
    turn: asyncio.Event


@dataclass(slots=True)
class Resuming:
    """Lives on one event loop. `room` says for how many that are being opened there is room now.

    Those of other regions are left alone.
    """

    store: Store
    registry: Registry
    standing: Standing
    access: Access
    max_streams: int
    room: Callable[[], int]
    region: str = regions.DEFAULT
    clock: Callable[[], float] = time.monotonic
    _waiting: list[_Waiting] = field(default_factory=list)

    async def begin(self) -> None:
        """Have all of them among the streams, to be opened by `run`. Raises `StoreError`.

        To be called when what an earlier service left open is closed, and before anybody can add a stream.
        """
        async with self.store.reading() as tx:
            found = await rows.listed(tx, region=self.region)
            # Jobs are taken up after these, and shall find room.
            room = (
                self.max_streams
                - len(await jobs.ongoing(tx, region=self.region))
                - sum(not one.closed for one in self.registry)
            )
        self.standing.stored([one.id for one in found])
        left = [one for one in found if not self._over(one)]
        for one in left[: max(room, 0)]:
            self._take_up(one)
        _tell_of_the_rest(left[max(room, 0) :], self.max_streams)

    async def run(self) -> None:
        """Give all of them their turns, oldest first."""
        began_s = self.clock()
        opening: list[tuple[Stream, float]] = []
        for waiting in self._waiting:
            while not waiting.stream.closed:
                now_s = self.clock()
                opening = [(one, late_s) for one, late_s in opening if now_s < late_s and _opens(one)]
                if len(opening) < self.room():
                    opening.append((waiting.stream, now_s + _OPENING_S))
                    break
                await asyncio.sleep(_LOOK_EVERY_S)
            waiting.turn.set()
        if self._waiting:
            took_s = self.clock() - began_s
            _log.info("%d streams of an earlier service were taken up in %.1f s", len(self._waiting), took_s)

    def _over(self, one: StandingStream) -> bool:
        if self.access.revoked(one.owner):
            _log.warning("%s is not taken up again: its key %s is revoked", one.name, one.owner)
            self.standing.remove(one.id)
            return True
        return False

    def _take_up(self, one: StandingStream) -> None:
        turn = asyncio.Event()
        try:
            self._waiting.append(_Waiting(self.registry.take_up(one, turn=turn.wait), turn))
        except NotAccepted as error:
            _log.warning("%s is not taken up again this time: %s", one.name, error)
        except SourceError as error:
            _log.error("%s is not taken up again: %s", one.name, error)
            self.standing.remove(one.id)


def _opens(stream: Stream) -> bool:
    return stream.state is State.CONNECTING and not stream.closed


def _tell_of_the_rest(those: Sequence[StandingStream], most: int) -> None:
    if those:
        names = ", ".join(one.name for one in those[:_NAMED]) + (", …" if len(those) > _NAMED else "")
        _log.warning(
            "%d streams are not taken up this time, since %d may run (limits.max_streams): %s", len(those), most, names
        )
