"""The services behind a web node: which of them answer, and which has what."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import ClientError, ClientSession, ClientTimeout

from ..background import going_on
from .subjects import PATH, Known, Subject

_PROBE = ClientTimeout(total=2.0)
_PROBE_EVERY_S = 1.0
_MOST_KNOWN = 20_000
_log = logging.getLogger("gorewatch.http")


@dataclass(frozen=True, slots=True)
class Found:
    """What came of asking who has something."""

    url: str | None
    """Of the service that has it."""
    missing: int = 0
    """Services that gave no answer."""


class Services:
    """Lives on one event loop. `ticket` is what shows a service that a web node asks."""

    def __init__(self, session: ClientSession, urls: Sequence[str], ticket: Callable[[], str]) -> None:
        self._session = session
        self._ticket = ticket
        self._up = dict.fromkeys(urls, True)
        self._known = Known(most=_MOST_KNOWN)
        self.urls = tuple(urls)

    @property
    def up(self) -> Mapping[str, bool]:
        """Whether each answered lately."""
        return self._up

    def likely(self, order: Iterable[str]) -> list[str]:
        """Those that answered lately, in this order; all of them where none did."""
        order = list(order)
        return [url for url in order if self._up[url]] or order

    def lost(self, url: str) -> None:
        """It was not there just now."""
        self._note(url, up=False)

    async def anyone(self) -> bool:
        """Whether one of them is there now."""
        url, _ = await _first({url: self._answers(url) for url in self.urls})
        return url is not None

    async def who_has(self, subject: Subject) -> Found:
        """By what is known, or by asking all that answered lately."""
        if (url := self._known.get(subject)) is not None:
            return Found(url)
        asked = [url for url in self.urls if self._up[url]]
        url, silent = await _first({url: self._has(url, subject) for url in asked})
        if url is not None:
            self.has(url, subject)
        return Found(url, silent + len(self.urls) - len(asked))

    def has(self, url: str, subject: Subject) -> None:
        """Note that this service has it. Streams by their names are not noted: others may take a name that is free."""
        if subject.lasting:
            self._known.put(subject, url)

    def has_not(self, subject: Subject) -> None:
        """Note that what was known may hold no more."""
        self._known.forget(subject)

    async def watch(self) -> None:
        """Find out which answer, until cancelled."""
        while True:
            answers = await asyncio.gather(*(self._answers(url) for url in self.urls))
            for url, up in zip(self.urls, answers, strict=True):
                self._note(url, up=up)
            await asyncio.sleep(_PROBE_EVERY_S)

    def _note(self, url: str, *, up: bool) -> None:
        if self._up[url] != up:
            self._up[url] = up
            _log.log(*(_BACK if up else _GONE), url)

    async def _answers(self, url: str) -> bool:
        try:
            async with self._session.get(f"{url}/healthz", timeout=_PROBE) as answer:
                return answer.status == 200
        except (ClientError, OSError, TimeoutError):
            return False

    async def _has(self, url: str, subject: Subject) -> bool | None:
        """None where it does not tell."""
        headers = {"Authorization": f"Bearer {self._ticket()}"}
        asked = {"kind": subject.kind.value, "id": subject.id}
        try:
            async with self._session.get(url + PATH, params=asked, headers=headers, timeout=_PROBE) as answer:
                if answer.status == 200:
                    return bool((await answer.json())["has"])
                _log.error("the service at %s does not tell what it has: %d", url, answer.status)
        except (ClientError, OSError, TimeoutError, ValueError, LookupError, TypeError):
            pass
        return None


_BACK = (logging.INFO, "the service at %s answers again")
_GONE = (logging.ERROR, "the service at %s does not answer")


@asynccontextmanager
async def open_services(urls: Sequence[str], ticket: Callable[[], str]) -> AsyncIterator[Services]:
    # Questions have connections of their own: those of requests may all be taken by a service that hangs.
    async with ClientSession(trust_env=False) as session:
        services = Services(session, urls, ticket)
        async with going_on(services.watch, "services"):
            yield services


async def _first(asked: Mapping[str, Coroutine[None, None, bool | None]]) -> tuple[str | None, int]:
    """Who said yes first, and how many did not tell before; the others need not answer any more."""
    tasks = {asyncio.create_task(question): url for url, question in asked.items()}
    waiting = set(tasks)
    silent = 0
    try:
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if task.result():
                    return tasks[task], silent
                silent += task.result() is None
        return None, silent
    finally:
        for task in waiting:
            task.cancel()
        if waiting:
            await asyncio.wait(waiting)
