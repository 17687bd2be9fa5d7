"""What one path and method takes and answers, as values. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

JSON = "application/json"
Schema = Mapping[str, object]
TEXT: Schema = {"type": "string"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One value outside of the body."""

    name: str
    text: str
    schema: Schema = field(default_factory=lambda: TEXT)
    where: Literal["query", "path", "header"] = "query"
    required: bool = False
    repeated: bool = False
    """It may be given several times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A body: of a Python type, or by a schema of its own; without either its media type says it all."""

    media_type: str = JSON
    type: object | None = None
    schema: Schema = field(default_factory=dict)
    example: object | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What comes back with one status."""

    text: str
    content: Content | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names that are always there, and what they say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path. Every operation has an `id` of its own."""

    method: str
    path: str
    id: str
    tag: str
    summary: str
    text: str = ""
    parameters: tuple[Parameter, ...] = ()
    bodies: tuple[Content, ...] = ()
    body_required: bool = True
    answers: Mapping[int, Answer]
    security: tuple[tuple[str, ...], ...] = ()
    """Ways to be let in, each the names of security schemes that it takes together; none for everybody."""


def answer(text: str, type_: object, **headers: str) -> Answer:
    """An answer in JSON; of the names of headers the underscores are hyphens."""
    named = {name.replace("_", "-"): said for name, said in headers.items()}
    return Answer(text=text, content=Content(type=type_), headers=named)
