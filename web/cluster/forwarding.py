"""Passes a request on to one service, and its answer back, as they come."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientOSError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    ServerDisconnectedError,
    TCPConnector,
    hdrs,
    web,
)
from aiohttp.client import ClientResponse
from multidict import CIMultiDict
from yarl import URL

from ..api.compat.paths import is_compat
from .bodies import Body
from .spreading import is_full

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
_OF_THE_BODY = frozenset(("content-length", "etag", "last-modified"))
_CONDITIONS = frozenset(
    ("accept-encoding", "content-length", "if-match", "if-modified-since", "if-none-match", "if-range", "range")
)
_TIMEOUT = ClientTimeout(total=None, connect=10.0, sock_connect=3.0, sock_read=300.0)
"""Videos are looked at for minutes before the first byte of an answer comes."""
_LIST_TIMEOUT = ClientTimeout(total=3.0)
_CONNECTIONS_EACH = 1024
_PIECE_BYTES = 64 * 1024
_MOST_LIST_BYTES = 64 * 1024 * 1024
_REFUSALS = (429, 503)
_SAFE = (hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS)
_GONE = (ClientConnectorError, ConnectionTimeoutError)
_BROKEN_OFF = (ServerDisconnectedError, ClientOSError)


class NoAnswer(Exception):
    """A service gave none; `str()` says why."""

    def __init__(self, error: Exception, *, there: bool, another: bool) -> None:
        super().__init__(str(error) or type(error).__name__)
        self.there = there
        """Something listens there."""
        self.another = another
        """Another service may be asked the same, which this one cannot have begun with."""


class Full(Exception):
    """A service has no room for what is new; its words are there to be passed back."""

    def __init__(self, response: web.Response) -> None:
        super().__init__()
        self.response = response


class Forwarding:
    """Credentials, and the `Host` that the client named, go to a service as they came."""

    def __init__(self, session: ClientSession) -> None:
        self._session = session

    async def one(self, request: web.Request, body: Body, url: str, *, placing: bool = False) -> web.StreamResponse:
        """The answer of the service at `url`. Raises `NoAnswer`, and `Full` where something is `placing`."""
        try:
            async with self._session.request(
                request.method,
                URL(url + request.raw_path, encoded=True),
                headers=passed_on(request.headers),
                data=body.data(),
                allow_redirects=False,
                timeout=_TIMEOUT,
            ) as answer:
                if placing and answer.status in _REFUSALS:
                    return await _unless_full(answer)
                return await _passed_back(request, answer)
        except (ClientError, OSError, TimeoutError) as error:
            gone = isinstance(error, _GONE)
            again = gone or (_changes_nothing(request) and isinstance(error, _BROKEN_OFF))
            raise NoAnswer(error, there=not gone, another=body.sendable and again) from error

    async def listed(self, request: web.Request, url: str) -> tuple[web.Response, bytes] | None:
        """The whole answer of the service at `url` to a GET, and its body; None where none comes soon."""
        try:
            async with self._session.get(
                URL(url + request.raw_path, encoded=True),
                headers=passed_on(request.headers, but=_CONDITIONS),
                allow_redirects=False,
                timeout=_LIST_TIMEOUT,
            ) as answer:
                body = bytearray()
                async for piece in answer.content.iter_chunked(_PIECE_BYTES):
                    body += piece
                    if len(body) > _MOST_LIST_BYTES:
                        return None
                return _whole(answer, bytes(body)), bytes(body)
        except (ClientError, OSError, TimeoutError):
            return None


@asynccontextmanager
async def open_forwarding() -> AsyncIterator[Forwarding]:
    connector = TCPConnector(limit=0, limit_per_host=_CONNECTIONS_EACH)
    async with ClientSession(auto_decompress=False, trust_env=False, connector=connector) as session:
        yield Forwarding(session)


def passed_on(headers: Mapping[str, str], *, but: Iterable[str] = ()) -> CIMultiDict[str]:
    """What is of the message and not of the connection it came over."""
    named = {name.strip().lower() for name in headers.get(hdrs.CONNECTION, "").split(",")}
    left_out = _HOP_BY_HOP | named | set(but)
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in left_out)


def _changes_nothing(request: web.Request) -> bool:
    # Under `/1.0` a GET may start a job.
    return request.method in _SAFE and not is_compat(request.path)


async def _unless_full(answer: ClientResponse) -> web.Response:
    body = await answer.read()
    response = _whole(answer, body)
    if is_full(answer.status, body):
        raise Full(response)
    return response


def _whole(answer: ClientResponse, body: bytes) -> web.Response:
    headers = passed_on(answer.headers, but=_OURS | _OF_THE_BODY)
    return web.Response(status=answer.status, reason=answer.reason, headers=headers, body=body)


async def _passed_back(request: web.Request, answer: ClientResponse) -> web.StreamResponse:
    response = web.StreamResponse(
        status=answer.status, reason=answer.reason, headers=passed_on(answer.headers, but=_OURS)
    )
    await response.prepare(request)
    try:
        async for piece in answer.content.iter_chunked(_PIECE_BYTES):
            await response.write(piece)
        await response.write_eof()
    except (ClientError, OSError, TimeoutError):
        # Half of an answer cannot be taken back: its reader is to see that it broke off, and may not be reading.
        if request.transport is not None:
            request.transport.abort()
    return response
