"""Passes requests on to the service that watches streams, and its answers back, as they come."""

import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

from aiohttp import ClientError, ClientSession, ClientTimeout, StreamReader, hdrs, web
from aiohttp.client import ClientResponse
from multidict import CIMultiDict
from yarl import URL

from ..api import broken

_HOP_BY_HOP = frozenset(
    (
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
"""Of one connection alone: RFC 9110, 7.6.1."""
_OURS = frozenset(("date", "server"))
_TIMEOUT = ClientTimeout(total=None, sock_connect=3.0, sock_read=300.0)
"""Videos are looked at for minutes before the first byte of an answer comes."""
_PROBE = ClientTimeout(total=2.0)
_PIECE_BYTES = 64 * 1024
_log = logging.getLogger("gorewatch.http")


class Upstream:
    """The service that watches streams. Credentials, and the `Host` that the client named, go to it as they came."""

    def __init__(self, session: ClientSession, url: str) -> None:
        self._session = session
        self._url = url.rstrip("/")

    async def answers(self) -> bool:
        """Whether it is there."""
        try:
            async with self._session.get(f"{self._url}/healthz", timeout=_PROBE) as answer:
                return answer.status == 200
        except (ClientError, OSError, TimeoutError):
            return False

    async def forward(self, request: web.Request) -> web.StreamResponse:
        """Its answer; 503 in the words of either half of the interface where none comes."""
        url = URL(self._url + request.raw_path, encoded=True)
        try:
            async with self._session.request(
                request.method,
                url,
                headers=passed_on(request.headers),
                data=request.content if request.can_read_body else None,
                allow_redirects=False,
                timeout=_TIMEOUT,
            ) as answer:
                return await _passed_back(request, answer)
        except (ClientError, OSError, TimeoutError) as error:
            if request.transport is None or request.transport.is_closing():
                # The client left: nobody reads this.
                return web.Response(status=499)
            _log.error("%s %s: the service at upstream does not answer: %s", request.method, request.path, error)
            return broken.no_answer(request.path)


@asynccontextmanager
async def open_upstream(url: str) -> AsyncIterator[Upstream]:
    async with ClientSession(auto_decompress=False, trust_env=False) as session:
        yield Upstream(session, url)


def passed_on(headers: Mapping[str, str], *, but: Iterable[str] = ()) -> CIMultiDict[str]:
    """What is of the message and not of the connection it came over."""
    named = {name.strip().lower() for name in headers.get(hdrs.CONNECTION, "").split(",")}
    left_out = _HOP_BY_HOP | named | set(but)
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in left_out)


async def _passed_back(request: web.Request, answer: ClientResponse) -> web.StreamResponse:
    response = web.StreamResponse(
        status=answer.status, reason=answer.reason, headers=passed_on(answer.headers, but=_OURS)
    )
    await response.prepare(request)
    await _copy(answer.content, response)
    await response.write_eof()
    return response


async def _copy(content: StreamReader, response: web.StreamResponse) -> None:
    async for piece in content.iter_chunked(_PIECE_BYTES):
        await response.write(piece)
