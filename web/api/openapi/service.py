"""The probes, the metrics, the page and the descriptions, described."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from ...cluster.subjects import PATH
from ..nodes import ID, KIND
from .common import BEARER, in_path, problems
from .operation import TEXT, Answer, Content, Operation, answer

_OPEN = (403, 500)
_HTML = Answer(text="The page.", content=Content(media_type="text/html", schema=TEXT))


class Alive(TypedDict):
    """The service answers."""

    status: Literal["ok"]


class DetectorInfo(TypedDict):
    """The detector in use."""

    name: str
    version: str
    provider: str
    variant: str


class Readiness(TypedDict):
    """Whether streams can be taken, and why not."""

    status: Literal["ready", "unavailable"]
    reasons: list[str]
    model: NotRequired[DetectorInfo]
    """Not of a web node, which has none."""


class Has(TypedDict):
    """Whether what was asked for is on this service, and on none beside it."""

    has: bool


SERVICE = (
    Operation(
        method="GET",
        path="/healthz",
        id="healthz",
        tag="Service",
        summary="Liveness",
        answers={200: answer("It is alive.", Alive)} | problems(always=(500,)),
    ),
    Operation(
        method="GET",
        path="/readyz",
        id="readyz",
        tag="Service",
        summary="Readiness",
        answers={200: answer("Streams can be taken.", Readiness)}
        | problems(always=_OPEN)
        | {503: answer("They cannot; `reasons` says why.", Readiness)},
    ),
    Operation(
        method="GET",
        path=PATH,
        id="has",
        tag="Service",
        summary="Whether this service has something",
        text="For web nodes in front of several services, which sign what they show with what is in the store.",
        parameters=(KIND.described(), ID.described()),
        answers={200: answer("Whether it has it.", Has)} | problems(422),
        security=BEARER,
    ),
    Operation(
        method="GET",
        path="/metrics",
        id="metrics",
        tag="Service",
        summary="Metrics for Prometheus",
        text="Open to processes of the same machine; from others it asks for the scope `admin`.",
        answers={
            200: Answer(text="The exposition.", content=Content(media_type="text/plain", schema=TEXT)),
        }
        | problems(),
        security=((), *BEARER),
    ),
    Operation(
        method="GET",
        path="/openapi.json",
        id="openapi",
        tag="Pages",
        summary="This document",
        answers={200: answer("OpenAPI 3.1.", dict[str, object])} | problems(always=_OPEN),
    ),
    Operation(
        method="GET",
        path="/asyncapi.json",
        id="asyncapi",
        tag="Pages",
        summary="The event feed, described",
        answers={200: answer("AsyncAPI 3.0.", dict[str, object])} | problems(always=_OPEN),
    ),
    Operation(
        method="GET",
        path="/docs",
        id="docs",
        tag="Pages",
        summary="This document as a page",
        answers={200: _HTML} | problems(always=_OPEN),
    ),
    Operation(
        method="GET",
        path="/",
        id="viewer",
        tag="Pages",
        summary="The viewer",
        answers={200: _HTML} | problems(always=_OPEN),
    ),
    Operation(
        method="GET",
        path="/static/{path}",
        id="asset",
        tag="Pages",
        summary="A file of the pages",
        parameters=(in_path("path", "Its path."),),
        answers={200: Answer(text="The file.", content=Content(media_type="*/*"))} | problems(404, always=_OPEN),
    ),
)
