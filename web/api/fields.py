"""Bodies of requests, validated; complaints name the field."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, TypeVar

from aiohttp import web
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, WithJsonSchema, with_config

from inference.policy import Policy
from stream.address import Address, parse
from stream.errors import AddressInvalid, AddressRefused

from ..files import may_read
from ..names import NAME
from ..policies import FieldError, PolicyRefused, changes_schema, field_errors, merge_policy
from ..settings import Settings
from .body import read_body
from .problems import Problem, unprocessable

_NAME_RULE = "must be 1 to 64 of A-Z a-z 0-9 . _ - and begin with a letter or digit"


@with_config(ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True))
@dataclass(frozen=True, slots=True)
class NewStream:
    """The body of `POST /v1/streams`."""

    url: Annotated[str, Field(json_schema_extra={"format": "uri"})]
    """`rtsp(s)`, `rtmp(s)`, `http(s)`, `srt`, `tcp`, `udp` or `file:///…`."""
    name: Annotated[str, Field(json_schema_extra={"pattern": f"^{NAME.pattern}$"})] | None = None
    """Unique among the key's streams that have not ended; by default it comes from the address."""
    policy: Annotated[dict[str, object], WithJsonSchema(changes_schema())] | None = None
    """What differs from the policy of the configuration."""


_NEW_STREAM = TypeAdapter(NewStream)
T = TypeVar("T")


async def read_new_stream(request: web.Request) -> NewStream:
    body = await read_json(request, _NEW_STREAM)
    if body.name is not None:
        check_name(body.name, field="name")
    return body


async def read_json(request: web.Request, form: TypeAdapter[T]) -> T:
    """Raises `Problem`: 415 for a body that is not JSON by its type, 408 if it does not come, 400 if it does not parse,
    422 for its values."""
    if request.content_type != "application/json":
        raise Problem(415, "The body must be JSON, with Content-Type: application/json.")
    try:
        return form.validate_json(await read_body(request))
    except ValidationError as error:
        if error.errors()[0]["type"] == "json_invalid":
            raise Problem(400, "The body is not valid JSON.") from error
        raise unprocessable(field_errors(error)) from error


def check_name(name: str, *, field: str) -> str:
    if NAME.fullmatch(name) is None:
        raise unprocessable([FieldError(field, _NAME_RULE)])
    return name


def stream_policy(given: Mapping[str, object] | None, defaults: Policy) -> Policy:
    try:
        return merge_policy(given or {}, defaults, strict=True)
    except PolicyRefused as error:
        raise unprocessable(error.errors) from error


def source_address(text: str, settings: Settings, *, keyed: bool) -> Address:
    """The address of a source that an HTTP caller names; whether its network may be reached, the worker checks."""
    try:
        address = parse(text)
    except AddressInvalid as error:
        message = str(error).removesuffix(".")
        raise unprocessable([FieldError("url", f"cannot be used: {message}")]) from error
    if not address.is_file:
        return address
    if not address.url.startswith("/"):
        raise unprocessable([FieldError("url", "is not a URL; give one such as rtsp://camera/stream")])
    if not may_read(address.url, roots=settings.file_roots, keyed=keyed):
        detail = "Files may be named only under the folders of file_roots."
        raise Problem(403, detail, code=AddressRefused.code)
    return address
