"""Reviews: who said what of an incident, and when."""

import time
from datetime import datetime
from typing import Any

import pytest

from tests.web.api.test_incidents import keep, made
from tests.web.serving import Served, bearer, new_key, serving

PATH = f"/v1/incidents/{made(1).incident.id}"


async def review(served: Served, verdict: str, note: str | None = None, *, credentials: str = "") -> dict[str, Any]:
    body = {"verdict": verdict} if note is None else {"verdict": verdict, "note": note}
    headers = bearer(credentials) if credentials else {}
    async with served.http.post(f"{PATH}/review", json=body, headers=headers) as response:
        assert response.status == 200, await response.text()
        answer: dict[str, Any] = await response.json()
        return answer


async def test_every_review_is_kept_and_the_newest_counts() -> None:
    async with serving(keyed=True) as served:
        ann, bob = await new_key(served.store, name="Ann"), await new_key(served.store, name="Bob")
        await keep(served, made(1))
        before_s = time.time()
        first = await review(served, "confirmed", "A “knife”.", credentials=ann)
        assert first["review"]["by"] == {"key": ann.partition(":")[0], "name": "Ann"}
        assert before_s - 0.001 <= datetime.fromisoformat(first["review"]["at"]).timestamp() <= time.time()
        second = await review(served, "dismissed", credentials=bob)
        assert await served.get(PATH) == second
        assert (second["review"]["verdict"], second["review"]["note"]) == ("dismissed", None)
        trail = (await served.get(f"{PATH}/reviews"))["reviews"]
        assert [(one["verdict"], one["note"], one["by"]["name"]) for one in trail] == [
            ("dismissed", None, "Bob"),
            ("confirmed", "A “knife”.", "Ann"),
        ]
        for verdict, number in (("dismissed", 1), ("confirmed", 0), ("none", 0)):
            assert len((await served.get(f"/v1/incidents?verdict={verdict}"))["incidents"]) == number


async def test_without_keys_it_was_nobody() -> None:
    async with serving() as served:
        await keep(served, made(1), made(2))
        assert (await review(served, "confirmed"))["review"]["by"] == {"key": None, "name": "nobody"}
        (unreviewed,) = (await served.get("/v1/incidents?verdict=none"))["incidents"]
        assert unreviewed["id"] == made(2).incident.id


async def test_the_trail_comes_in_pages() -> None:
    async with serving() as served:
        await keep(served, made(1))
        for number in range(5):
            await review(served, "confirmed", str(number))
        seen, query = [], "?limit=2"
        while query:
            answer = await served.get(f"{PATH}/reviews{query}")
            seen += [one["note"] for one in answer["reviews"]]
            query = f"?limit=2&cursor={answer['next']}" if answer["next"] else ""
        assert sorted(seen) == ["0", "1", "2", "3", "4"]
        async with served.http.get(f"{PATH}/reviews?cursor={made(1).incident.id}") as response:
            assert response.status == 422


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "verdict"),
        ({"verdict": "maybe"}, 422, "verdict"),
        ({"verdict": "none"}, 422, "verdict"),
        ({"verdict": None}, 422, "verdict"),
        ({"verdict": 1}, 422, "verdict"),
        ({"verdict": "confirmed", "note": 2001 * "x"}, 422, "note"),
        ({"verdict": "confirmed", "note": 7}, 422, "note"),
        ({"verdict": "confirmed", "by": "me"}, 422, "by"),
        ([], 422, None),
    ],
)
async def test_a_body_that_is_no_review_is_refused(body: object, status: int, field: str | None) -> None:
    async with serving() as served:
        await keep(served, made(1))
        async with served.http.post(f"{PATH}/review", json=body) as response:
            assert response.status == status
            if field is not None:
                assert [error["field"] for error in (await response.json())["errors"]] == [field]
        assert (await served.get(f"{PATH}/reviews"))["reviews"] == []


@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"verdict": "confirmed", "note": "\\ud800"}', "application/json", 400),
        (b'{"verdict": "confirmed", "note": "\xff"}', "application/json", 400),
        (b'{"verdict": "confirmed"}', "text/plain", 415),
        (300_000 * b" ", "application/json", 413),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(data: bytes, kind: str, status: int) -> None:
    async with serving() as served:
        await keep(served, made(1))
        async with served.http.post(f"{PATH}/review", data=data, headers={"Content-Type": kind}) as response:
            assert response.status == status


async def test_the_longest_note_and_the_strangest_character_are_kept() -> None:
    async with serving() as served:
        await keep(served, made(1))
        assert (await review(served, "dismissed", 2000 * "é"))["review"]["note"] == 2000 * "é"
        assert (await review(served, "dismissed", "a\0b"))["review"]["note"] == "a\N{REPLACEMENT CHARACTER}b"


async def test_what_is_not_there_cannot_be_reviewed() -> None:
    async with serving() as served, served.http.post(f"{PATH}/review", json={"verdict": "confirmed"}) as response:
        assert (response.status, (await response.json())["code"]) == (404, "incident_unknown")
