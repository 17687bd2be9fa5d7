"""The lists of several services as one. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

_LISTS = ("streams", "hosts")


class NoList(Exception):
    """An answer is not what was expected of a service."""


@dataclass(frozen=True, slots=True)
class Joined:
    """What comes of several answers."""

    at: int
    """Which of them the rest is taken from: status and headers, and where `body` is None all of it."""
    body: bytes | None
    missing: int
    """How many of the answers are not in it."""


def joined(answers: Sequence[tuple[int, bytes] | None]) -> Joined | None:
    """Of status and body of each, None of a service that gave no answer; None if nothing comes of them.

    The lists of those that succeeded count; if none did, what the first one says of the request itself.
    """
    good: list[tuple[int, dict[str, object]]] = []
    for at, answer in enumerate(answers):
        if answer is not None and answer[0] == 200:
            try:
                good.append((at, _read(answer[1])))
            except NoList:
                continue
    if good:
        body = _one([said for _, said in good])
        return Joined(good[0][0], json.dumps(body).encode(), len(answers) - len(good))
    for at, answer in enumerate(answers):
        if answer is not None and 400 <= answer[0] < 500:
            return Joined(at, None, 0)
    return None


def _read(body: bytes) -> dict[str, object]:
    """Raises `NoList`."""
    try:
        said = json.loads(body)
    except ValueError as error:
        raise NoList from error
    if not isinstance(said, dict) or not any(isinstance(said.get(name), list) for name in _LISTS):
        raise NoList
    return said


def _one(those: Sequence[dict[str, object]]) -> dict[str, object]:
    """By their ids, which are in the order in which things were made, as the lists of one service are."""
    body = dict(those[0])
    for name in _LISTS:
        lists = [found for said in those if isinstance(found := said.get(name), list)]
        if lists:
            body[name] = sorted((item for found in lists for item in found), key=_id)
    return body


def _id(item: object) -> str:
    return str(item.get("id", "")) if isinstance(item, dict) else ""
