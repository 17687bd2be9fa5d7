"""The services behind a web node as one: each request goes to the one that can answer it, or to all."""

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager

from aiohttp import ClientPayloadError, hdrs, web

from ..api import broken
from .bodies import Body
from .forwarding import Forwarding, Full, NoAnswer, open_forwarding
from .joining import joined
from .parameters import of_form, of_json
from .routing import Rule, Way, made, route
from .services import Services, open_services
from .spreading import by_name, in_turn
from .subjects import Subject

MISSING = "Gorewatch-Missing"
"""How many services' part is not in an answer that all of them give together."""
_IDEMPOTENCY = "Idempotency-Key"
_MOST_BODY_BYTES = 256 * 1024
"""Of what is read ahead; `/v1` and `/whip` take no more."""
_log = logging.getLogger("gorewatch.http")


class Upstream:
    """One or several services that watch streams. Lives on one event loop."""

    def __init__(self, services: Services, forwarding: Forwarding) -> None:
        self.services = services
        self._forwarding = forwarding
        self._turns = itertools.count()

    async def reasons(self) -> list[str]:
        """Why nothing can be forwarded; empty where one service answers."""
        if await self.services.anyone():
            return []
        if len(self.services.urls) == 1:
            return ["the service that watches streams does not answer"]
        return [f"no service that watches streams answers: {', '.join(self.services.urls)}"]

    async def forward(self, request: web.Request) -> web.StreamResponse:
        """The answer; 503 in the words of either half of the interface where none comes."""
        body, urls = Body(request), self.services.urls
        if len(urls) == 1:
            return await self._from(request, body, urls)
        found = route(request.method, request.path, request.query)
        rule, subject = found.rule, found.subject
        if rule.in_body or rule.way is Way.PLACED:
            try:
                await body.read_ahead(_MOST_BODY_BYTES)
            except (web.RequestPayloadError, ClientPayloadError, OSError) as error:
                return broken.unreadable(request.path, error)
            if rule.in_body:
                subject = _named(rule, request, body)
        match rule.way:
            case Way.JOINED:
                return await self._joined(request)
            case Way.PLACED if subject is None or not subject.lasting:
                return await self._placed(request, body, subject)
            case Way.OWNER | Way.PREFERRED | Way.PLACED if subject is not None:
                return await self._owners(request, body, subject, alone=rule.way is not Way.PREFERRED)
        return await self._from(request, body, self._any())

    async def _owners(self, request: web.Request, body: Body, subject: Subject, *, alone: bool) -> web.StreamResponse:
        """By the service that has the subject; by any where none has it, since then all answer alike."""
        found = await self.services.who_has(subject)
        if alone and (found.missing if found.url is None else not self.services.up[found.url]):
            return self._nobody(request, f"the {subject.kind.value} is, or may be, where nothing answers")
        if found.url is None:
            return await self._from(request, body, self._any())
        order = [found.url] if alone else self.services.likely([found.url, *self._others(found.url)])
        response = await self._from(request, body, order)
        if response.status == web.HTTPNotFound.status_code:
            self.services.has_not(subject)
        return response

    async def _placed(self, request: web.Request, body: Body, named: Subject | None) -> web.StreamResponse:
        """By the first that has room. What has a name goes where a stream has it, or where such a name always goes."""
        if named is not None and (url := (await self.services.who_has(named)).url) is not None:
            return await self._from(request, body, [url])
        # Who asks twice with the same key must be known to the service as the same.
        name = request.headers.get(_IDEMPOTENCY) if named is None else named.id
        order = self._any() if name is None else self.services.likely(by_name(name, self.services.urls))
        return await self._from(request, body, order, placing=True)

    async def _joined(self, request: web.Request) -> web.StreamResponse:
        """By all that answer within a few seconds."""
        urls = self.services.likely(self.services.urls)
        answers = await asyncio.gather(*(self._forwarding.listed(request, url) for url in urls))
        read = [None if answer is None else (answer[0].status, answer[1]) for answer in answers]
        # Thousands of streams take longer to read than the loop may stand still.
        one = await asyncio.to_thread(joined, read)
        first = None if one is None else answers[one.at]
        if one is None or first is None:
            return self._nobody(request, "none of them gives its part of the list")
        response, _ = first
        if one.body is not None:
            response.body = one.body
            if missing := one.missing + len(self.services.urls) - len(urls):
                response.headers[MISSING] = str(missing)
                # Of those that were not asked it was told when they went.
                level = logging.WARNING if one.missing else logging.DEBUG
                _log.log(level, "%s: the part of %d services is missing", request.path, missing)
        return response

    async def _from(
        self, request: web.Request, body: Body, order: Sequence[str], *, placing: bool = False
    ) -> web.StreamResponse:
        """By the first of these that answers and, if something is `placing`, has room for it."""
        refusal: web.Response | None = None
        reason = "there is none"
        for url in order:
            try:
                response = await self._forwarding.one(request, body, url, placing=placing)
            except Full as full:
                refusal = full.response
                if not body.sendable:
                    break
            except NoAnswer as error:
                reason = str(error)
                if not error.there:
                    self.services.lost(url)
                if not error.another:
                    break
            else:
                self._note_made(url, response)
                return response
        return self._nobody(request, reason) if refusal is None else refusal

    def _note_made(self, url: str, response: web.StreamResponse) -> None:
        location = response.headers.get(hdrs.LOCATION, "")
        if response.status == web.HTTPCreated.status_code and (subject := made(location)) is not None:
            self.services.has(url, subject)

    def _nobody(self, request: web.Request, reason: str) -> web.Response:
        if request.transport is None or request.transport.is_closing():
            # The client left: nobody reads this.
            return web.Response(status=499)
        _log.error("%s %s: the service at upstream does not answer: %s", request.method, request.path, reason)
        return broken.no_answer(request.path)

    def _any(self) -> list[str]:
        return self.services.likely(in_turn(next(self._turns), self.services.urls))

    def _others(self, url: str) -> Iterable[str]:
        return (other for other in in_turn(next(self._turns), self.services.urls) if other != url)


@asynccontextmanager
async def open_upstream(urls: Sequence[str], ticket: Callable[[], str]) -> AsyncIterator[Upstream]:
    """`ticket` makes what shows a service that a web node asks."""
    async with open_services(urls, ticket) as services, open_forwarding() as forwarding:
        yield Upstream(services, forwarding)


def _named(rule: Rule, request: web.Request, body: Body) -> Subject | None:
    """What the body names, if it is there whole."""
    known = body.known if body.whole else b""
    if rule.place == "json":
        return rule.subject(of_json(known))
    return rule.subject(of_form(request.query, request.headers.get(hdrs.CONTENT_TYPE, ""), known))
