"""Who looked at which picture as it is."""

import time
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text

from tests.web.api.test_incidents import refused
from tests.web.api.test_thumbnail import filmed, picture
from tests.web.serving import Served, bearer, new_key, serving
from web.access.scopes import Scope


async def test_clear_views_are_written_down_and_pixelated_ones_are_not() -> None:
    async with serving(keyed=True) as served:
        usual = served.http.headers["Authorization"]
        incident = await filmed(served)
        owner = usual.removeprefix("Bearer ").partition(":")[0]
        auditor = bearer(await new_key(served.store, Scope.ADMIN, name="audit"))
        preview = f"/v1/streams/{incident['stream']}/preview.jpg"
        thumbnail = f"/v1/incidents/{incident['id']}/thumbnail.jpg"
        before_s = time.time()
        for path in (preview, thumbnail):
            async with served.http.get(path) as response:
                assert response.status == 200
            assert await refused(served, f"{path}?clear=1") == (403, "scope_missing")
            async with served.http.get(f"{path}?clear=1", headers=auditor) as response:
                assert response.status == 200
        async with served.http.get("/v1/views", headers=auditor) as response:
            found = await response.json()
        assert found["next"] is None
        by = {"key": auditor["Authorization"].removeprefix("Bearer ").partition(":")[0], "name": "audit"}
        told = [(view["kind"], view["subject"], view["owner"], view["by"]) for view in found["views"]]
        assert sorted(told) == [
            ("preview", incident["stream"], owner, by),
            ("thumbnail", incident["id"], owner, by),
        ]
        for view in found["views"]:
            assert before_s - 0.001 <= datetime.fromisoformat(view["at"]).timestamp() <= time.time()
        async with served.http.get(f"/v1/views?subject={incident['id']}", headers=auditor) as response:
            assert [view["kind"] for view in (await response.json())["views"]] == ["thumbnail"]
        async with served.http.get("/v1/views?subject=x", headers=auditor) as response:
            assert (await response.json())["views"] == []


async def test_views_are_for_admins() -> None:
    async with serving(keyed=True) as served:
        both = bearer(await new_key(served.store, Scope.STREAMS, Scope.CLEAR))
        assert await refused(served, "/v1/views", **both) == (403, "scope_missing")


async def test_views_come_in_pages() -> None:
    async with serving() as served:
        incident = await filmed(served)
        for _ in range(5):
            await picture(served, incident)
        seen: set[str] = set()
        query, pages = "?limit=2", 0
        while query:
            answer = await served.get(f"/v1/views{query}")
            seen |= {view["id"] for view in answer["views"]}
            query = f"?limit=2&cursor={answer['next']}" if answer["next"] else ""
            pages += 1
        assert (len(seen), pages) == (5, 3)
        assert answer["views"][0]["by"] == {"key": None, "name": "nobody"}
        for query in ("limit=0", "cursor=x"):
            assert (await refused(served, f"/v1/views?{query}"))[0] == 422


async def test_a_view_that_cannot_be_written_down_is_not_given() -> None:
    async with serving() as served:
        incident = await filmed(served)
        async with served.store.writing() as tx:
            await tx.execute(text("DROP TABLE views"))
        for path in (f"/v1/streams/{incident['stream']}/preview.jpg", f"/v1/incidents/{incident['id']}/thumbnail.jpg"):
            assert await refused(served, f"{path}?clear=1") == (503, "store_unavailable")
            async with served.http.get(path) as response:
                assert response.status == 200


async def looked(served: Served, path: str, **headers: str) -> str:
    """The id of the view that a clear picture makes."""
    async with served.http.get(f"{path}?clear=1", headers=headers) as response:
        assert response.status == 200
        return response.headers["X-View-Id"]


async def tell(served: Served, view: str, body: object, **headers: str) -> tuple[int, Any]:
    """Say for how long it was shown: the status, and the code of a refusal."""
    async with served.http.post(f"/v1/views/{view}/shown", json=body, headers=headers) as response:
        return response.status, None if response.status == 204 else (await response.json()).get("code")


async def test_how_long_a_picture_was_shown_is_told_once_by_who_saw_it() -> None:
    async with serving(keyed=True) as served:
        incident = await filmed(served)
        thumbnail = f"/v1/incidents/{incident['id']}/thumbnail.jpg"
        ann = bearer(await new_key(served.store, Scope.ADMIN, name="Ann"))
        view = await looked(served, thumbnail, **ann)
        preview = await looked(served, f"/v1/streams/{incident['stream']}/preview.jpg", **ann)
        assert await tell(served, view, {"seconds": 1.0}) == (404, "view_unknown"), "somebody else's"
        assert await tell(served, view, {"seconds": 1.2345}, **ann) == (204, None)
        assert await tell(served, view, {"seconds": 9}, **ann) == (409, "shown_noted")
        async with served.http.get("/v1/views", headers=ann) as response:
            told = {view["id"]: view["shown_s"] for view in (await response.json())["views"]}
        assert told == {view: pytest.approx(1.234, abs=0.001), preview: None}
        async with served.http.get(thumbnail) as response:
            assert "X-View-Id" not in response.headers, "nothing was shown as it is"


async def test_telling_needs_no_more_than_seeing() -> None:
    async with serving(keyed=True) as served:
        owner = bearer(await new_key(served.store, Scope.STREAMS, Scope.CLEAR))
        served.http.headers.update(owner)
        incident = await filmed(served)
        view = await looked(served, f"/v1/incidents/{incident['id']}/thumbnail.jpg")
        assert await tell(served, view, {"seconds": 0}) == (204, None)
        publisher = bearer(await new_key(served.store, Scope.PUBLISH))
        assert await tell(served, view, {"seconds": 0}, **publisher) == (403, "scope_missing")


@pytest.mark.parametrize(
    "body",
    [{}, [], {"seconds": -0.1}, {"seconds": 3600.1}, {"seconds": "1"}, {"seconds": None}, {"seconds": 1, "x": 1}],
)
async def test_a_time_that_is_none_is_refused(body: object) -> None:
    async with serving() as served:
        incident = await filmed(served)
        view = await looked(served, f"/v1/incidents/{incident['id']}/thumbnail.jpg")
        assert (await tell(served, view, body))[0] == 422
        assert await tell(served, view, {"seconds": 3600}) == (204, None)


async def test_a_view_that_never_was_is_unknown() -> None:
    async with serving() as served:
        for view in ("x", "view_000000000000000000000", "inc_000000000000000000000"):
            assert await tell(served, view, {"seconds": 1}) == (404, "view_unknown")
        async with served.http.post("/v1/views/x/shown", data=b"{") as response:
            assert response.status == 415
