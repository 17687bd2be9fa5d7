"""What the service and a process that judges say to each other: JSON and blocks of scores, each in a frame."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from inference.policy import Policy
from inference.replay import Replayed
from inference.verdicts import Outcome
from stream.messages import MessageInvalid

from .judging import Recorded

_BLOCK, _ORDER = b"b", b"o"


@dataclass(frozen=True, slots=True)
class Begin:
    """A question: these policies, over the media that follow."""

    policies: tuple[Policy, ...]
    slack_s: float
    """How far an incident may lie from a stretch that was reviewed and still be the same thing."""
    kind: Literal["begin"] = "begin"


@dataclass(frozen=True, slots=True)
class NextMedia:
    """The blocks that follow are of this media."""

    media: Recorded
    kind: Literal["media"] = "media"


@dataclass(frozen=True, slots=True)
class End:
    """That was all: the answer is wanted."""

    kind: Literal["end"] = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a question."""

    outcomes: tuple[Outcome, ...]
    """One for each policy, in their order."""
    exact: bool
    """Each media was judged by all that it was judged by then."""
    last: Replayed | None
    """The last media by the last policy."""


Order = Begin | NextMedia | End
_ORDERS: TypeAdapter[Order] = TypeAdapter(Annotated[Begin | NextMedia | End, Field(discriminator="kind")])
ANSWERS: TypeAdapter[Answer] = TypeAdapter(Answer)


def order_body(order: Order) -> bytes:
    return _ORDER + _ORDERS.dump_json(order)


def block_body(block: bytes) -> bytes:
    return _BLOCK + block


def read_body(body: bytes) -> Order | bytes:
    """An order, or a block. Raises `MessageInvalid` and `pydantic.ValidationError`."""
    if body[:1] == _BLOCK:
        return body[1:]
    if body[:1] == _ORDER:
        return _ORDERS.validate_json(body[1:])
    raise MessageInvalid("a message of no known kind")
