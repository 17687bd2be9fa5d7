"""`/v1/views`: who looked at which picture as it is. A view that cannot be written down is not given.

How long a picture was shown only the page that showed it can tell, which it does afterwards.
"""

import time
from dataclasses import dataclass
from typing import Annotated

from aiohttp import web
from pydantic import ConfigDict, Field, TypeAdapter, with_config

from stream.ids import is_id

from ..ids import new_id
from ..store import views
from ..store.kept import View, ViewKind
from ..wire import timestamp
from .fields import read_json
from .parts import parts_of
from .people import person_json, who
from .problems import Problem
from .query import Count, Cursor, Word

SUBJECT = Word(name="subject", text="Only those of the stream or the incident with this id.")
LIMIT = Count(name="limit", text="Views in the answer.", default=100, most=1000)
CURSOR = Cursor(prefix="view")
VIEW_ID = "X-View-Id"
"""The header in which a clear picture names its view."""
_LONGEST_S = 3600.0

routes = web.RouteTableDef()


@with_config(ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True))
@dataclass(frozen=True, slots=True)
class Shown:
    """The body of `POST /v1/views/{id}/shown`."""

    seconds: Annotated[float, Field(ge=0.0, le=_LONGEST_S, allow_inf_nan=False)]
    """For how long the picture could be seen."""


_SHOWN = TypeAdapter(Shown)


@routes.get("/v1/views")
async def listed(request: web.Request) -> web.Response:
    """Newest first."""
    subject, limit, before_id = SUBJECT.read(request), LIMIT.read(request), CURSOR.read(request)
    found: tuple[View, ...] = ()
    if subject is None or is_id("str", subject) or is_id("inc", subject):
        async with parts_of(request).store.reading() as tx:
            found = await views.listed(tx, limit=limit + 1, subject=subject, before_id=before_id)
    body = {
        "views": [
            {
                "id": view.id,
                "kind": view.kind,
                "subject": view.subject,
                "owner": view.owner,
                "by": person_json(request, view.viewed_by),
                "at": timestamp(view.at_s),
                "shown_s": view.shown_s,
            }
            for view in found[:limit]
        ],
        "next": found[limit - 1].id if len(found) > limit else None,
    }
    return web.json_response(body)


@routes.post("/v1/views/{id}/shown")
async def shown(request: web.Request) -> web.Response:
    """By who viewed alone, and once. To anybody else the view does not exist."""
    view_id = request.match_info["id"]
    told = await read_json(request, _SHOWN)
    noted = None
    if is_id("view", view_id):
        async with parts_of(request).store.writing() as tx:
            noted = await views.note_shown(tx, view_id, viewed_by=who(request), shown_s=round(told.seconds, 3))
    if noted is None:
        raise Problem(404, "You have no view of this id.", code="view_unknown")
    if not noted:
        raise Problem(409, "How long this picture was shown is noted already.", code="shown_noted")
    return web.Response(status=204)


async def note_view(request: web.Request, kind: ViewKind, subject: str, *, owner: str | None) -> dict[str, str]:
    """Write down that the caller is about to see a picture as it is. The header that names the view to the caller.

    Raises `web.store.errors.StoreError`.
    """
    view = View(id=new_id("view"), kind=kind, subject=subject, owner=owner, viewed_by=who(request), at_s=time.time())
    async with parts_of(request).store.writing() as tx:
        await views.add(tx, view)
    return {VIEW_ID: view.id}
