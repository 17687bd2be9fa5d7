"""What people say of incidents: every review is kept, with who gave it and when, and the newest counts."""

import time
from dataclasses import dataclass
from typing import Annotated

from aiohttp import web
from pydantic import ConfigDict, Field, TypeAdapter, with_config

from ..ids import new_id
from ..store import incidents, reviews
from ..store.kept import LatestReview, Review, Verdict
from .fields import read_json
from .incidents import answer, incident_of, review_json, unknown_incident
from .parts import parts_of
from .people import who
from .problems import store_unavailable
from .query import Count, Cursor

_NOTE_CHARACTERS = 2000
LIMIT = Count(name="limit", text="Reviews in the answer.", default=100, most=1000)
CURSOR = Cursor(prefix="rev")

routes = web.RouteTableDef()


@with_config(ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True))
@dataclass(frozen=True, slots=True)
class NewReview:
    """The body of `POST /v1/incidents/{id}/review`."""

    verdict: Verdict
    note: Annotated[str, Field(max_length=_NOTE_CHARACTERS)] | None = None
    """For people."""


_NEW_REVIEW = TypeAdapter(NewReview)


@routes.post("/v1/incidents/{id}/review")
async def add(request: web.Request) -> web.Response:
    """Answers with the incident as it is reviewed now."""
    kept = await incident_of(request)
    given = await read_json(request, _NEW_REVIEW)
    incident_id = kept.incident.id
    review = Review(
        id=new_id("rev"),
        incident_id=incident_id,
        verdict=given.verdict,
        note=given.note,
        reviewed_by=who(request),
        at_s=time.time(),
    )
    async with parts_of(request).store.writing() as tx:
        if not await reviews.add(tx, review):
            # Its event was sent, and is still to be written.
            raise store_unavailable()
        now = await incidents.find(tx, incident_id)
    if now is None:
        raise unknown_incident()
    return await answer(request, now)


@routes.get("/v1/incidents/{id}/reviews")
async def listed(request: web.Request) -> web.Response:
    """All of them, newest first."""
    limit, before_id = LIMIT.read(request), CURSOR.read(request)
    kept = await incident_of(request)
    async with parts_of(request).store.reading() as tx:
        found = await reviews.listed(tx, kept.incident.id, limit=limit + 1, before_id=before_id)
    body = {
        "reviews": [
            {
                "id": one.id,
                **review_json(
                    request,
                    LatestReview(verdict=one.verdict, note=one.note, reviewed_by=one.reviewed_by, at_s=one.at_s),
                ),
            }
            for one in found[:limit]
        ],
        "next": found[limit - 1].id if len(found) > limit else None,
    }
    return web.json_response(body)
