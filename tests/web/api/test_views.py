"""Who looked at which picture as it is."""

import time
from datetime import datetime

from sqlalchemy import text

from tests.web.api.test_incidents import refused
from tests.web.api.test_thumbnail import filmed, picture
from tests.web.serving import bearer, new_key, serving
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
