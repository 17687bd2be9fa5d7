"""Subscribers that each read in a manner of their own, come back whatever happens, and note the ids that they get."""

import asyncio
import json
import random
import socket
from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from ..commands.common import CommandError
from ..delivery.client import Subscription, SubscriptionRefused, socket_url, subscribe
from ..delivery.cloudevents import STORE_FAILED, STORE_RECOVERED
from ..delivery.subscriber import TOO_SLOW
from ..wire import Json
from .arrival_figures import Log

STEADY, SLOW, RESTLESS = "steady", "slow", "restless"
SCORE = "gore.prob"
_STAYS_S = (0.2, 8.0)
"""How long a restless one reads before it leaves, at least and at most."""
_STOPS_S = (20.0, 60.0)
"""How long a slow one reads nothing: when it is cut meanwhile, it mostly is in time to be told so."""
_READS_S = 3.0
_NARROW = (
    (socket.SOL_SOCKET, socket.SO_RCVBUF, 1),
    (socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536),
)
"""The smallest buffer here, and packets so small that the other side's is small too. Otherwise the two hold a minute's
events, and hide from the service that somebody is slow.
"""
_OPEN_TIMEOUT_S = 10.0
_CLOSE_TIMEOUT_S = 1.0
_PAUSE_S = 0.3


@dataclass(slots=True)
class Notes:
    """What one subscriber got so far."""

    manner: str
    since: str
    dear: "array[int]" = field(default_factory=lambda: array("q"))
    scores: int = 0
    gaps: int = 0
    resumed: int = 0
    cut: int = 0
    store_told: int = 0
    away: bool = False
    """It has no connection, since it lost or left the last one."""

    def take(self, event: Json) -> None:
        number, kind = str(event["id"]), event["type"]
        self.since = number
        self.resumed += self.away
        self.away = False
        if kind == "gap":
            self.gaps += 1
        elif kind == SCORE:
            self.scores += 1
        elif kind in (STORE_FAILED, STORE_RECOVERED):
            self.store_told += 1
        else:
            self.dear.append(int(number))

    def leave(self) -> None:
        self.away = bool(self.dear)

    def cut_off(self, last: str) -> None:
        """It was too slow, and is told the id to come back with."""
        self.cut += 1
        self.since = last

    def log(self) -> Log:
        return Log(
            manner=self.manner,
            dear=self.dear,
            scores=self.scores,
            gaps=self.gaps,
            resumed=self.resumed,
            cut=self.cut,
            store_told=self.store_told,
        )


class Readers:
    """All subscribers of one service, in this process."""

    def __init__(self, url: str, since: str, manners: Sequence[str]) -> None:
        self._url = url
        self.notes = [Notes(manner, since) for manner in manners]
        self._hurry = asyncio.Event()

    def hurry(self) -> None:
        """From now on all of them read as fast as they can and stay."""
        self._hurry.set()

    def behind(self, number: int) -> int:
        """How many have not got that event, nor a later one; but for slow ones that need not hurry."""
        due = [notes for notes in self.notes if notes.manner != SLOW or self._hurry.is_set()]
        return sum(not notes.dear or notes.dear[-1] < number for notes in due)

    async def read(self, notes: Notes) -> None:
        """Until cancelled. Raises `CommandError` when it is refused."""
        how = {SLOW: self._slowly, RESTLESS: self._restlessly}.get(notes.manner, self._steadily)
        try:
            while True:
                await (self._steadily if self._hurry.is_set() else how)(notes)
        except SubscriptionRefused as error:
            raise CommandError(f"A subscriber is refused: {error}") from error

    async def _steadily(self, notes: Notes) -> None:
        subscription = Subscription(url=self._url, since=notes.since)
        async with aclosing(subscribe(subscription, on_outage=lambda _: notes.leave())) as events:
            async for event in events:
                notes.take(event)

    async def _restlessly(self, notes: Notes) -> None:
        waiting = asyncio.create_task(self._hurry.wait())
        reading = asyncio.create_task(self._steadily(notes))
        try:
            stays_s = random.uniform(*_STAYS_S)  # noqa: S311
            await asyncio.wait({waiting, reading}, timeout=stays_s, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                reading.result()
        finally:
            waiting.cancel()
            reading.cancel()
            await asyncio.wait({waiting, reading})
            notes.leave()

    async def _slowly(self, notes: Notes) -> None:
        """One connection: it reads for a while, then nothing, and so on until it is closed."""
        try:
            await self._stutter(notes)
        except (OSError, TimeoutError, InvalidHandshake, ConnectionClosed) as error:
            if isinstance(error, ConnectionClosed) and error.rcvd is not None and error.rcvd.code == TOO_SLOW:
                notes.cut_off(error.rcvd.reason)
            await asyncio.sleep(_PAUSE_S)
        notes.leave()

    async def _stutter(self, notes: Notes) -> None:
        url = socket_url(Subscription(url=self._url), notes.since)
        loop = asyncio.get_running_loop()
        with socket.socket() as narrow:
            for level, option, value in _NARROW:
                narrow.setsockopt(level, option, value)
            narrow.setblocking(False)
            await loop.sock_connect(narrow, (urlsplit(url).hostname, urlsplit(url).port))
            async with connect(
                url,
                sock=narrow,
                subprotocols=[Subprotocol("cloudevents.json")],
                compression=None,
                open_timeout=_OPEN_TIMEOUT_S,
                close_timeout=_CLOSE_TIMEOUT_S,
                ping_interval=None,
            ) as connection:
                stops_s = loop.time() + _READS_S
                async for message in connection:
                    notes.take(json.loads(message))
                    if loop.time() > stops_s and not self._hurry.is_set():
                        await self._rest()
                        stops_s = loop.time() + _READS_S

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(random.uniform(*_STOPS_S)):  # noqa: S311
                await self._hurry.wait()
        except TimeoutError:
            return


@asynccontextmanager
async def reading(readers: Readers) -> AsyncIterator[None]:
    """All of them read while the block lasts."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(readers.read(notes)) for notes in readers.notes]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
