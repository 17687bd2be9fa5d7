"""Bodies and query parameters of requests, validated; complaints name the field."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from aiohttp import web
from pydantic import ConfigDict, JsonValue, TypeAdapter, ValidationError, with_config

from inference.policy import Policy
from stream.address import Address, parse
from stream.errors import AddressInvalid, AddressRefused

from ..files import may_read
from ..names import NAME
from ..policies import FieldError, PolicyRefused, field_errors, merge_policy
from ..settings import Settings
from .problems import Problem, unprocessable

_UNIX_SECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?", re.ASCII)
_NAME_RULE = "must be 1 to 64 of A-Z a-z 0-9 . _ - and begin with a letter or digit"


@with_config(ConfigDict(extra="forbid", strict=True))
@dataclass(frozen=True, slots=True)
class NewStream:
    """The body of `POST /v1/streams`."""

    url: str
    name: str | None = None
    policy: dict[str, JsonValue] | None = None


_NEW_STREAM = TypeAdapter(NewStream)
T = TypeVar("T")


async def read_new_stream(request: web.Request) -> NewStream:
    body = await read_json(request, _NEW_STREAM)
    if body.name is not None:
        check_name(body.name, field="name")
    return body


async def read_json(request: web.Request, form: TypeAdapter[T]) -> T:
    """Raises `Problem`: 415 for a body that is not JSON by its type, 400 if it does not parse, 422 for its values."""
    if request.content_type != "application/json":
        raise Problem(415, "The body must be JSON, with Content-Type: application/json.")
    try:
        return form.validate_json(await request.read())
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


def query_number(request: web.Request, name: str, *, default: float) -> float:
    """A finite number of the query."""
    text = request.query.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise unprocessable([FieldError(name, "must be a number")])
    return value


def query_count(request: web.Request, name: str, *, default: int, least: int, most: int) -> int:
    """A whole number of the query, within its bounds."""
    value = query_number(request, name, default=default)
    if value != int(value) or not least <= value <= most:
        raise unprocessable([FieldError(name, f"must be a whole number from {least} to {most}")])
    return int(value)


def query_time(request: web.Request, name: str) -> float | None:
    """A moment of the query in Unix seconds: given as such, or as RFC 3339 text. Raises `Problem` 400."""
    text = request.query.get(name)
    if text is None:
        return None
    if _UNIX_SECONDS.fullmatch(text):
        return float(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        message = "must be a time such as 2026-11-22T17:40:03Z, or Unix seconds"
        raise Problem(400, f"{name} {message}.", errors=[FieldError(name, message)])
    return moment.timestamp()


def query_flag(request: web.Request, name: str) -> bool:
    text = request.query.get(name, "0")
    if text not in ("0", "1"):
        raise unprocessable([FieldError(name, "must be 0 or 1")])
    return text == "1"


def query_choice(request: web.Request, name: str, choices: tuple[str, ...]) -> str | None:
    text = request.query.get(name)
    if text is not None and text not in choices:
        raise unprocessable([FieldError(name, f"must be one of {', '.join(choices)}")])
    return text
