"""Whatever the document lets a caller send, and some that it does not, is answered as it says (schemathesis)."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import strategies
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from stream.options import SourceOptions
from tests.web.fakes import FakeSource
from tests.web.serving import Served, serving
from web.api.openapi.compat import COMPAT
from web.api.openapi.hosts import HOSTS
from web.api.openapi.incidents import INCIDENTS, VIEWS
from web.api.openapi.operation import Operation
from web.api.openapi.past import PAST
from web.api.openapi.routes import described
from web.api.openapi.service import SERVICE
from web.api.openapi.streams import MEDIA, OTHERS, STREAMS
from web.api.openapi.webhooks import WEBHOOKS
from web.api.openapi.whip import WHIP

_EXAMPLES = 12
_TIMEOUT_S = 20.0
_CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
    checks.ignored_auth,
]
"""Not among them: whether what is valid by the document is accepted. An address need not exist, a name may be taken."""
_WITHOUT = {"subscribe"}
"""A socket that opens stays open."""


@schemathesis.serializer("application/sdp", "application/trickle-ice-sdpfrag", "application/octet-stream")
def _as_it_is(_: Any, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


class _Brief(FakeSource):
    """A source of one sample."""

    def __init__(self, options: SourceOptions) -> None:
        super().__init__(options)
        self.live()
        self.sample(0.0, 0.75)
        self.end()


@dataclass(frozen=True)
class _Running:
    url: str
    credentials: str
    ids: dict[str, str]
    """By the beginning of the paths that they belong to."""


@contextmanager
def _running() -> Iterator[_Running]:
    """A service on a thread of its own, with a stream, an incident and a job."""
    ready: Future[_Running] = Future()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def run() -> None:
        async with serving(keyed=True) as served:
            served.pool.new_source = _Brief
            ready.set_result(await _filled(served))
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), name="service")
    thread.start()
    try:
        yield ready.result(_TIMEOUT_S)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(_TIMEOUT_S)
        loop.close()


async def _filled(served: Served) -> _Running:
    credentials = served.http.headers["Authorization"].removeprefix("Bearer ")
    user, secret = credentials.split(":")
    stream = await served.add()
    query = {"api_user": user, "api_secret": secret, "models": "gore-2.0", "stream_url": "http://a.example/b.mp4"}
    async with served.http.get("/1.0/video/check.json", params=query) as response:
        job = await response.json()
    incident = (await served.until("/v1/incidents", lambda answer: bool(answer["incidents"])))["incidents"][0]
    async with served.http.post("/v1/webhooks", json={"url": "http://hook.example/"}) as response:
        webhook = await response.json()
    ids = {
        "/v1/webhooks/": webhook["id"],
        "/v1/streams/": stream["id"],
        "/v1/media/": stream["media"],
        "/v1/incidents/": incident["id"],
        "/1.0/video/byid.json": job["media"]["id"],
    }
    return _Running(served.url, credentials, ids)


def _cases(found: Any, operation: Operation) -> Any:
    """What the document allows; and where there is something to get wrong, what it does not."""
    allowed = found.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE)
    if not (operation.parameters or operation.bodies):
        return allowed
    return allowed | found.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)


@pytest.fixture(scope="module")
def schema() -> Any:
    return schemathesis.openapi.from_dict(described())


@pytest.mark.parametrize(
    "operations",
    [COMPAT, (*STREAMS, *MEDIA), PAST, (*INCIDENTS, *VIEWS), OTHERS, WEBHOOKS, (*WHIP, *HOSTS, *SERVICE)],
    ids=["compat", "streams", "past", "incidents", "others", "webhooks", "whip"],
)
def test_answers_are_as_described(operations: Sequence[Operation], schema: Any) -> None:
    with _running() as service:
        for operation in operations:
            if operation.id not in _WITHOUT:
                _fuzz(operation, schema[operation.path][operation.method], service)


def _fuzz(operation: Operation, found: Any, service: _Running) -> None:
    user, secret = service.credentials.split(":")
    known = next((known for prefix, known in service.ids.items() if operation.path.startswith(prefix)), None)
    if operation.path.startswith("/1.0"):
        how = {"params": {"api_user": user, "api_secret": secret}}
    else:
        how = {"headers": {"Authorization": f"Bearer {service.credentials}"}}

    @hypothesis.settings(
        max_examples=_EXAMPLES,
        database=None,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(case=_cases(found, operation), there=strategies.booleans())
    def fuzz(case: Any, there: bool) -> None:
        if known is not None and there:
            (case.path_parameters if "{id}" in operation.path else case.query)["id"] = known
        case.call_and_validate(base_url=service.url, checks=_CHECKS, timeout=_TIMEOUT_S, **how)

    fuzz()
