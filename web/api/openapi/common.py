"""Types and answers that several resources share."""

from typing import Annotated, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from .operation import Answer, Content, Parameter

DESCRIBED = ConfigDict(use_attribute_docstrings=True)
PROBLEM = "application/problem+json"

Probability = Annotated[float, Field(ge=0.0, le=1.0)]
StreamId = Annotated[str, Field(pattern="^str_[0-9A-Za-z]{21}$")]
MediaId = Annotated[str, Field(pattern="^med_[0-9A-Za-z]{21}$")]
IncidentId = Annotated[str, Field(pattern="^inc_[0-9A-Za-z]{21}$")]
RequestId = Annotated[str, Field(pattern="^req_[0-9A-Za-z]{21}$")]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""RFC 3339, UTC."""

BEARER = (("bearer",),)


class ProblemField(TypedDict):
    """One value that cannot be used."""

    field: str
    message: str


@with_config(DESCRIBED)
class ProblemDocument(TypedDict):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    """A sentence for people."""
    code: NotRequired[str]
    """A word for programs, where there is something to act on."""
    errors: NotRequired[list[ProblemField]]


class RequestInfo(TypedDict):
    """The call that an answer belongs to."""

    id: RequestId
    timestamp: float
    operations: Annotated[int, Field(ge=0)]


class MediaInfo(TypedDict):
    """One thing that is moderated, once."""

    id: MediaId
    uri: str


class Fault(TypedDict):
    """Why there is no result, in the types and numbers of `/1.0`."""

    type: str
    code: int
    message: str


_PROBLEMS = {
    400: "The body does not parse, or a value has not the form that it must have.",
    401: "Valid credentials are missing: `token_invalid`.",
    403: "`host_refused`, `origin_refused`, `loopback_only`; `scope_missing`; `address_refused`.",
    404: "It does not exist, or is another key's.",
    406: "No codec of the offer is decoded here: `codec_unsupported`.",
    408: "The body came too slowly: `body_too_slow`.",
    409: "`name_taken`, `not_failed`, `media_running`, `too_many_webhooks`, `webhook_disabled`.",
    412: "Another ICE session has begun: `etag_mismatch`.",
    413: "The body is too large.",
    415: "The body has another type than it must have.",
    422: "Values that cannot be used, each named in `errors`; `restart_refused`; `replay_too_large`.",
    426: "The path speaks WebSocket alone.",
    428: "`If-Match` is missing.",
    429: "`rate_exceeded`, `replay_running`, with `Retry-After`; `too_many_streams`.",
    500: "A fault of the service, whose log has it.",
    503: "`overloaded`, `shutting_down`, `ports_taken`, `too_many_publishers`, `store_unavailable`, `replay_broken`, "
    "`replay_too_long`.",
}
_ALWAYS = (401, 403, 429, 500, 503)


def problems(*statuses: int, always: tuple[int, ...] = _ALWAYS) -> dict[int, Answer]:
    """What goes wrong with these statuses, beside those that any call with a bearer token may meet."""
    content = Content(media_type=PROBLEM, type=ProblemDocument)
    return {status: Answer(text=_PROBLEMS[status], content=content) for status in sorted({*statuses, *always})}


SEVERAL = "From a web node in front of several services that do not all answer: `Gorewatch-Missing` says how many not."


def in_path(name: str, text: str) -> Parameter:
    return Parameter(name=name, text=text, where="path", required=True)
