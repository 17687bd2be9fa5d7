"""Parameters of the query as values that read themselves from a request, and describe themselves to the document.

`read` raises `Problem` for what cannot be used, naming the parameter.
"""

import math
import re
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from pydantic import JsonValue

from stream.ids import is_id

from ..policies import FieldError
from .openapi.operation import Parameter
from .problems import Problem, unprocessable

NO_MOMENT = "must be a time such as 2026-11-22T17:40:03Z, or Unix seconds"
MOMENT_SCHEMA: dict[str, JsonValue] = {
    "anyOf": [{"type": "string", "format": "date-time"}, {"type": "number", "minimum": 0}]
}
_UNIX_SECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A finite number, `default` where none is given; that one may be infinite."""

    name: str
    text: str
    default: float

    def read(self, request: web.Request) -> float:
        return _number(request, self.name, self.default)

    def described(self) -> Parameter:
        schema: dict[str, object] = {"type": "number"}
        if math.isfinite(self.default):
            schema["default"] = self.default
        return Parameter(name=self.name, text=self.text, schema=schema)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A whole number within its bounds."""

    name: str
    text: str
    default: int
    least: int = 1
    most: int

    def read(self, request: web.Request) -> int:
        value = _number(request, self.name, self.default)
        if value != int(value) or not self.least <= value <= self.most:
            raise unprocessable([FieldError(self.name, f"must be a whole number from {self.least} to {self.most}")])
        return int(value)

    def described(self) -> Parameter:
        schema = {"type": "integer", "minimum": self.least, "maximum": self.most, "default": self.default}
        return Parameter(name=self.name, text=self.text, schema=schema)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A time, given in Unix seconds or as RFC 3339 text. What is neither is answered with 400."""

    name: str
    text: str

    def read(self, request: web.Request) -> float | None:
        """In Unix seconds."""
        text = request.query.get(self.name)
        if text is None:
            return None
        unix_s = unix_seconds(text)
        if unix_s is None:
            raise Problem(400, f"{self.name} {NO_MOMENT}.", errors=[FieldError(self.name, NO_MOMENT)])
        return unix_s

    def described(self) -> Parameter:
        return Parameter(name=self.name, text=self.text, schema=MOMENT_SCHEMA)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """1, or 0 as if it were not there."""

    name: str
    text: str

    def read(self, request: web.Request) -> bool:
        text = request.query.get(self.name, "0")
        if text not in ("0", "1"):
            raise unprocessable([FieldError(self.name, "must be 0 or 1")])
        return text == "1"

    def described(self) -> Parameter:
        return Parameter(name=self.name, text=self.text, schema={"type": "string", "enum": ["0", "1"], "default": "0"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of a few words."""

    name: str
    text: str
    words: tuple[str, ...]

    def read(self, request: web.Request) -> str | None:
        text = request.query.get(self.name)
        if text is not None and text not in self.words:
            raise unprocessable([FieldError(self.name, f"must be one of {', '.join(self.words)}")])
        return text

    def described(self) -> Parameter:
        return Parameter(name=self.name, text=self.text, schema={"type": "string", "enum": list(self.words)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Any text."""

    name: str
    text: str

    def read(self, request: web.Request) -> str | None:
        return request.query.get(self.name)

    def described(self) -> Parameter:
        return Parameter(name=self.name, text=self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a page begins: the `next` of the one before, which is the id of its last."""

    prefix: str
    name: str = "cursor"

    def read(self, request: web.Request) -> str | None:
        text = request.query.get(self.name)
        if text is not None and not is_id(self.prefix, text):
            raise unprocessable([FieldError(self.name, "must be the `next` of an earlier answer")])
        return text

    def described(self) -> Parameter:
        return Parameter(name=self.name, text="The `next` of the page before.")


def unix_seconds(text: str) -> float | None:
    """A time in Unix seconds, or in RFC 3339 with its offset; None for what is neither."""
    if _UNIX_SECONDS.fullmatch(text):
        return float(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment.timestamp()


def _number(request: web.Request, name: str, default: float) -> float:
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
