"""`/v1/views`: who looked at which picture as it is. A view that cannot be written down is not given."""

import time
from typing import Literal

from aiohttp import web

from stream.ids import is_id

from ..ids import new_id
from ..store import views
from ..store.kept import View
from ..wire import timestamp
from .parts import parts_of
from .people import person_json, who
from .query import Count, Cursor, Word

SUBJECT = Word(name="subject", text="Only those of the stream or the incident with this id.")
LIMIT = Count(name="limit", text="Views in the answer.", default=100, most=1000)
CURSOR = Cursor(prefix="view")

routes = web.RouteTableDef()


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
            }
            for view in found[:limit]
        ],
        "next": found[limit - 1].id if len(found) > limit else None,
    }
    return web.json_response(body)


async def note_view(
    request: web.Request, kind: Literal["preview", "thumbnail"], subject: str, *, owner: str | None
) -> None:
    """Write down that the caller is about to see a picture as it is. Raises `web.store.errors.StoreError`."""
    view = View(id=new_id("view"), kind=kind, subject=subject, owner=owner, viewed_by=who(request), at_s=time.time())
    async with parts_of(request).store.writing() as tx:
        await views.add(tx, view)
