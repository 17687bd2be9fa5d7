"""Who did something that is written down: the key, since a person has one; "nobody" while there is none."""

from aiohttp import web

from inference.summary import Json

from .auth import caller_of
from .parts import parts_of

NOBODY = "nobody"


def who(request: web.Request) -> str:
    """What is written down of the caller."""
    return caller_of(request).key_id or NOBODY


def person_json(request: web.Request, written: str) -> Json:
    """The same for people: keys have names."""
    if written == NOBODY:
        return {"key": None, "name": NOBODY}
    return {"key": written, "name": parts_of(request).access.name_of(written) or ""}
