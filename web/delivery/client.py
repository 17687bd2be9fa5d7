"""A subscriber of `GET /v1/events` that comes back by itself and misses nothing: what `gorewatch watch` runs on."""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from ssl import SSLCertVerificationError
from urllib.parse import urlencode, urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.frames import CloseCode
from websockets.typing import Subprotocol

from ..wire import Json

_SUBPROTOCOL = Subprotocol("cloudevents.json")
_FILTERED = "control.filter"
_PATH = "/v1/events"
_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_MAX_EVENT_BYTES = 1 << 20
_OPEN_TIMEOUT_S = 10.0
_CLOSE_TIMEOUT_S = 1.0
"""For the service to answer a close: behind many events that nobody reads any more it cannot."""
_FIRST_DELAY_S = 0.25
_LAST_DELAY_S = 10.0
_LONGEST_RETRY_AFTER_S = 60.0
_TOO_SLOW = 4008
_NO_FEED = "What answers there sends no events; is it a gorewatch service?"


class SubscriptionRefused(Exception):
    """Asking again cannot help. `str()` is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class _Loss:
    """Why a connection is opened again, and for how long at least the service asks to be left alone."""

    reason: str
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What is wanted: `url` is the service's base address or that of its events; `since` an event's id."""

    url: str
    streams: Sequence[str] = ()
    types: Sequence[str] = ()
    since: str | None = None
    token: str | None = None


def socket_url(subscription: Subscription, since: str | None) -> str:
    """The WebSocket address to open. Raises `SubscriptionRefused` for an address that is none of a web server."""
    try:
        parts = urlsplit(subscription.url)
        scheme = _SCHEMES.get(parts.scheme)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise SubscriptionRefused(f"The address {subscription.url!r} does not parse: {error}.") from error
    if scheme is None or not host:
        raise SubscriptionRefused(
            f"The address {subscription.url!r} is none of a service; give one such as http://127.0.0.1:8080."
        )
    path = parts.path.rstrip("/")
    query = [("stream", stream) for stream in subscription.streams] + [("type", kind) for kind in subscription.types]
    if since is not None:
        query.append(("since", since))
    return urlunsplit((scheme, parts.netloc, path if path.endswith(_PATH) else path + _PATH, urlencode(query), ""))


async def subscribe(
    subscription: Subscription,
    *,
    on_open: Callable[[], None] | None = None,
    on_outage: Callable[[str], None] | None = None,
    jitter: Callable[[], float] = random.random,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncGenerator[Json, None]:
    """Events in order, for ever; after a loss it reconnects and resumes after the last event it gave.

    Where events that were asked for are no longer kept it gives one of the type `gap`, and goes on. `on_open` is told
    of each connection, `on_outage` of each loss and why, before the wait; waits double up to ten seconds, each
    shortened by up to half by `jitter` (0 to 1), after what the service itself asks for. Raises `SubscriptionRefused`
    when trying again cannot help.
    """
    since = subscription.since
    delay_s = _FIRST_DELAY_S
    while True:
        try:
            async with _connection(subscription, since) as connection:
                if on_open is not None:
                    on_open()
                if since is None:
                    # Its answer has an id to resume after, should the connection be lost before the first event.
                    with contextlib.suppress(ConnectionClosed):
                        await connection.send(_same_filter(subscription))
                async for event in _events(connection):
                    delay_s = _FIRST_DELAY_S
                    if event.get("type") != _FILTERED:
                        yield event
                    since = str(event["id"])
            loss = _Loss("the service closed the connection")
        except ConnectionClosed as error:
            loss = _closed(error)
        except InvalidStatus as error:
            loss = _refused(error)
        except SSLCertVerificationError as error:
            said = f"The service's certificate is not valid: {error.verify_message}."
            raise SubscriptionRefused(said) from error
        except (OSError, TimeoutError, InvalidHandshake) as error:
            loss = _Loss(f"the service cannot be reached ({_words(error)})")
        if on_outage is not None:
            on_outage(loss.reason)
        await sleep(loss.wait_s + delay_s * (1.0 - 0.5 * jitter()))
        delay_s = min(2.0 * delay_s, _LAST_DELAY_S)


def _connection(subscription: Subscription, since: str | None) -> connect:
    headers = {"Authorization": f"Bearer {subscription.token}"} if subscription.token else {}
    return connect(
        socket_url(subscription, since),
        additional_headers=headers,
        subprotocols=[_SUBPROTOCOL],
        open_timeout=_OPEN_TIMEOUT_S,
        close_timeout=_CLOSE_TIMEOUT_S,
        max_size=_MAX_EVENT_BYTES,
    )


def _same_filter(subscription: Subscription) -> str:
    return json.dumps({"type": "filter", "streams": [*subscription.streams], "types": [*subscription.types]})


async def _events(connection: ClientConnection) -> AsyncIterator[Json]:
    async for message in connection:
        try:
            event = json.loads(message)
        except ValueError as error:
            raise SubscriptionRefused(_NO_FEED) from error
        if not isinstance(event, dict) or not isinstance(event.get("id"), str):
            raise SubscriptionRefused(_NO_FEED)
        yield event


def _closed(error: ConnectionClosed) -> _Loss:
    """Raises `SubscriptionRefused` for what would come again."""
    if error.sent is not None and error.sent.code == CloseCode.MESSAGE_TOO_BIG:
        raise SubscriptionRefused(_NO_FEED) from error
    if error.rcvd is None:
        return _Loss("the connection was lost")
    if error.rcvd.code == _TOO_SLOW:
        return _Loss("the service closed the connection because events were read too slowly")
    return _Loss(f"the service closed the connection ({error.rcvd.code} {error.rcvd.reason})".replace(" )", ")"))


def _refused(error: InvalidStatus) -> _Loss:
    """Why to try again. Raises `SubscriptionRefused` where there is no point in it."""
    status = error.response.status_code
    if status in (401, 403):
        hint = "give the API_USER:API_SECRET of a key with the scope events with --token"
        raise SubscriptionRefused(f"The service refuses access ({status}); {hint}.") from error
    if status == 404:
        raise SubscriptionRefused("There is no event feed at that address; is it a gorewatch service?") from error
    if 400 <= status < 500 and status not in (408, 429):
        raise SubscriptionRefused(f"The service refuses the subscription ({status}){_detail(error)}.") from error
    return _Loss(f"the service answered {status}", _retry_after_s(error))


def _retry_after_s(error: InvalidStatus) -> float:
    said = error.response.headers.get("Retry-After", "")
    return min(float(said), _LONGEST_RETRY_AFTER_S) if said.isascii() and said.isdigit() else 0.0


def _detail(error: InvalidStatus) -> str:
    """The sentence of a problem document, where there is one."""
    try:
        problem = json.loads(error.response.body or b"")
    except ValueError:
        return ""
    detail = problem.get("detail") if isinstance(problem, dict) else None
    return f": {detail.rstrip('.')}" if isinstance(detail, str) else ""


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split()) or type(error).__name__
