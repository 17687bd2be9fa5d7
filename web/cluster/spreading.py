"""Who of several services is asked first. Pure."""

import hashlib
import json
from collections.abc import Sequence

_FULL = frozenset(("too_many_streams", "too_many_publishers", "shutting_down"))
_TOO_MANY_JOBS = 34
_MAY_BE_FULL = (429, 503)


def by_name(name: str, urls: Sequence[str]) -> list[str]:
    """All of them, in an order that each node finds for a name whatever others come and go (rendezvous hashing)."""
    # A header may have bytes that are no text.
    return sorted(urls, key=lambda url: hashlib.sha256(f"{url}\n{name}".encode(errors="replace")).digest())


def in_turn(turn: int, urls: Sequence[str]) -> list[str]:
    """All of them, each first as often as the others."""
    at = turn % len(urls) if urls else 0
    return [*urls[at:], *urls[:at]]


def is_full(status: int, body: bytes) -> bool:
    """Whether a service has no room for what is new, so that another one may."""
    if status not in _MAY_BE_FULL:
        return False
    try:
        said = json.loads(body)
    except ValueError:
        return False
    if not isinstance(said, dict):
        return False
    error = said.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    return said.get("code") in _FULL or code == _TOO_MANY_JOBS
