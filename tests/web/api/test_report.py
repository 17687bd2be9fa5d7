"""`GET /v1/media/{id}/report.html`: of media that ended, from memory and from the store of an earlier service."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, Route

from stream.errors import Overloaded
from tests.until import until
from tests.web.axe import found
from tests.web.browser import Tab, new_tab
from tests.web.reports.made import HOSTILE, report, video
from tests.web.reports.parsed import Parsed
from tests.web.serving import Served, bearer, new_key, serving
from web.access.scopes import Scope
from web.api.report import new_turns
from web.delivery.journal import Published
from web.recording.journal import StoreJournal
from web.reports.page import page
from web.store import incidents, media
from web.store.errors import StoreError
from web.store.kept import IncidentFilter, MediaFacts

_POLICY = {"window": 0.001, "cooldown": 1.0}
_HOSTILE_ADDRESS = "rtsp://camera.example/<script>alert(1)</script>"


async def ended(served: Served, *, samples: int = 40, keep: str = "incidents") -> dict[str, str]:
    """A stream with an incident from 5 s to 8 s that has ended, its ids."""
    number = len(served.pool.sources)
    stream = await served.add(policy={**_POLICY, "keep": keep}, url=_HOSTILE_ADDRESS, name="lobby")
    source = await served.pool.source(number)
    source.live()
    for half in range(samples):
        source.sample(half / 2, 0.9 if half == 12 else 0.7 if 10 <= half < 16 else 0.1)
    await served.until(f"/v1/streams/{stream['id']}", lambda answer: answer["samples"] == samples)
    async with served.http.delete(f"/v1/streams/{stream['id']}") as response:
        assert response.status == 200
    return {"stream": stream["id"], "media": stream["media"]}


async def shown(served: Served, media_id: str) -> Parsed:
    async with served.http.get(f"/v1/media/{media_id}/report.html") as response:
        assert response.status == 200, await response.text()
        return Parsed(await response.text())


async def refused(served: Served, media_id: str, **headers: str) -> tuple[int, str]:
    async with served.http.get(f"/v1/media/{media_id}/report.html", headers=headers) as response:
        body = await response.json()
        return response.status, body["code"]


async def test_a_media_that_ended_as_the_service_and_a_later_one_tell_of_it(tmp_path: Path) -> None:
    async with serving(home=tmp_path) as served:
        ids = await ended(served)
        (incident,) = (await served.get("/v1/incidents"))["incidents"]
        review = {"verdict": "confirmed", "note": "<b>A wound</b>"}
        async with served.http.post(f"/v1/incidents/{incident['id']}/review", json=review) as response:
            assert response.status == 200
        await served.until_metric("gorewatch_pictures_waiting", 0.0)
        now = await shown(served, ids["media"])
    async with serving(home=tmp_path) as served:
        later = await shown(served, ids["media"])
    for told in (now, later):
        assert told.texts("strong") == ["flagged"]
        assert told.texts("h2") == ["lobby"]
        facts = dict(zip(told.texts("dt"), told.texts("dd"), strict=True))
        assert facts["Samples"] == "40"
        assert facts["Media"] == ids["media"]
        assert facts["Address"] == "rtsp://camera.example/<script>alert(1)</script>"
        assert facts["Incidents"] == "1, 0:00:03.0 in all"
        cells = told.texts("td")
        assert cells[:2] == ["0:00:05.0", "0:00:08.0"]
        assert cells[4] == "0:00:06.0"
        assert "<b>A wound</b>" in cells[6]
        assert cells[7] == incident["id"]
        assert len(told.all("img")) == 1
        assert told.all("script") == []
        assert "detector gore-lite1 1, in use now" in " ".join(told.texts("p"))
    lines = [told.all("polyline", class_="prob")[0].attributes["points"] for told in (now, later)]
    assert lines[0] == lines[1]


async def test_a_page_confines_itself_and_is_kept_nowhere() -> None:
    async with serving() as served:
        ids = await ended(served)
        async with served.http.get(f"/v1/media/{ids['media']}/report.html") as response:
            assert response.content_type == "text/html"
            assert response.charset == "utf-8"
            policy = response.headers.getall("Content-Security-Policy")
            assert len(policy) == 1
            assert policy[0].startswith("default-src 'none'; style-src 'sha256-")
            assert "frame-ancestors 'none'" in policy[0]
            assert "unsafe" not in policy[0]
            assert response.headers["Cache-Control"] == "no-store"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Content-Disposition"] == f'inline; filename="{ids["media"]}.html"'
        async with served.http.get("/") as response:
            assert response.headers["Content-Security-Policy"].startswith("default-src 'self'")


async def test_what_runs_has_none_yet_and_what_is_not_there_none_at_all() -> None:
    async with serving() as served:
        stream = await served.add()
        assert await refused(served, stream["media"]) == (409, "media_running")
        source = await served.pool.source()
        source.live()
        source.sample(0.0, 0.2)
        await served.until(f"/v1/streams/{stream['id']}", lambda answer: answer["samples"] == 1)
        assert await refused(served, stream["media"]) == (409, "media_running")
        for unknown in ("med_" + "0" * 21, "med_x", stream["id"], "%00", "x" * 500):
            assert await refused(served, unknown) == (404, "media_unknown")


async def test_it_is_for_those_who_may_see_the_media() -> None:
    async with serving(keyed=True) as served:
        ids = await ended(served)
        running = await served.add()
        other, admin = bearer(await new_key(served.store)), bearer(await new_key(served.store, Scope.ADMIN))
        checks = bearer(await new_key(served.store, Scope.CHECK))
        await served.access.refresh()
        for media_id in (ids["media"], running["media"]):
            assert await refused(served, media_id, **other) == (404, "media_unknown")
            assert await refused(served, media_id, **checks) == (403, "scope_missing")
        path = f"/v1/media/{ids['media']}/report.html"
        async with served.http.get(path, headers=admin) as response:
            assert response.status == 200
        async with aiohttp.ClientSession(served.url) as nobody, nobody.get(path) as response:
            assert response.status == 401


@pytest.mark.parametrize("samples", [0, 1])
async def test_a_media_of_next_to_nothing_has_a_page_too(samples: int) -> None:
    async with serving() as served:
        told = await shown(served, (await ended(served, samples=samples))["media"])
        assert told.texts("strong") == ["clear" if samples else "not readable"]
        assert told.all("svg") == []


async def test_without_kept_frames_or_with_damaged_ones_the_rest_is_told(tmp_path: Path) -> None:
    async with serving(home=tmp_path) as served:
        none, kept = await ended(served, keep="none"), await ended(served)
        await served.until_metric("gorewatch_pictures_waiting", 0.0)
        (file,) = (tmp_path / "pictures").glob("*.jpg")
        file.write_bytes(b"no picture")
        for ids in (none, kept):
            told = await shown(served, ids["media"])
            assert "none kept" in told.texts("td")
            assert told.all("img") == []


async def test_a_media_that_the_service_did_not_see_the_end_of(tmp_path: Path) -> None:
    async with serving(home=tmp_path) as served:
        ids = await ended(served)
        async with served.store.writing() as tx:
            kept = await media.find(tx, ids["media"])
            assert kept is not None
            broken = MediaFacts(
                ref=kept.facts.ref.__class__("", "med_" + "1" * 21, ""),
                stream_id=ids["stream"],
                owner=None,
                name="",
                policy=None,
                started_s=1.0,
            )
            await media.add(tx, [broken])
        assert await refused(served, broken.ref.media_id) == (409, "media_running")
    async with serving(home=tmp_path) as served:
        told = await shown(served, broken.ref.media_id)
        assert told.texts("strong") == ["not readable"]
        assert any("ended while it watched" in text for text in told.texts("p"))


async def test_of_thousands_of_incidents_the_highest_are_shown(tmp_path: Path) -> None:
    async with serving(home=tmp_path) as served:
        ids = await ended(served)
        await until(lambda: not served.hub.unkept)
        async with served.store.writing() as tx:
            (one,) = await incidents.listed(tx, limit=9, wanted=IncidentFilter(media_id=ids["media"]))
            many = [
                one.__class__(
                    incident=one.incident.__class__(f"inc_{at:021}", float(at), at + 0.5, 0.5 + at / 5000, float(at)),
                    media_id=one.media_id,
                    stream_id=one.stream_id,
                    owner=one.owner,
                    started_s=one.started_s,
                )
                for at in range(1100)
            ]
            await incidents.put(tx, many)
        told = await shown(served, ids["media"])
        assert any("901 more are not" in text for text in told.texts("p"))
        assert len(told.all("tr")) == 201


async def test_what_the_store_is_still_to_have_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async def troubled(self: StoreJournal, batch: Sequence[Published]) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(StoreJournal, "write", troubled)
    async with serving() as served:
        told = await shown(served, (await ended(served))["media"])
        assert told.texts("strong") == ["flagged"]
        assert told.texts("td")[:2] == ["0:00:05.0", "0:00:08.0"]
        assert len(told.all("img")) == 1, "the frame that waits for its incident"


async def test_only_a_few_are_made_at_a_time() -> None:
    turns = new_turns()
    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(turns.one())

        async def wait() -> None:
            async with turns.one():
                pass

        waiting = [asyncio.create_task(wait()) for _ in range(16)]
        await asyncio.sleep(0)
        assert turns.waiting == len(waiting)
        with pytest.raises(Overloaded):
            await wait()
    await asyncio.gather(*waiting)


async def test_who_comes_while_too_many_are_made_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.api.report._RUNNING", 0)
    monkeypatch.setattr("web.api.report._WAITING", 0)
    async with serving() as served:
        ids = await ended(served)
        async with served.http.get(f"/v1/media/{ids['media']}/report.html") as response:
            assert (response.status, (await response.json())["code"]) == (503, "overloaded")
            assert response.headers["Retry-After"] == "2"


@pytest.mark.browser
async def test_a_browser_shows_it_without_a_complaint_and_asks_nobody_else(tab: Tab, tmp_path: Path) -> None:
    async with serving(home=tmp_path) as served:
        ids = await ended(served)
        address = f"{served.url}/v1/media/{ids['media']}/report.html"
        await tab.page.goto(address)
        assert await tab.page.title() == "gorewatch: lobby"
        assert await tab.page.locator("svg.chart").is_visible()
        assert await tab.page.evaluate("document.images[0].naturalWidth") == 16
        assert tab.complaints == []
        assert [url for url in tab.requests if not url.startswith("data:")] == [address]


@pytest.mark.browser
async def test_axe_finds_nothing_in_either_theme_nor_in_print(browser: Browser, axe: str) -> None:
    written = page(report(video(), *[video(name, seconds=36_000.0, fps=0.1) for name in HOSTILE]))
    for width_px in (1280, 320):
        tab = await new_tab(browser, width_px=width_px, bypass_csp=True)

        async def answer(route: Route) -> None:
            await route.fulfill(body=written, content_type="text/html; charset=utf-8")

        await tab.page.route("**/*", answer)
        await tab.page.goto("http://report.example/")
        assert await found(tab.page, axe) == []
        assert await tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await tab.page.emulate_media(color_scheme="dark", media="print")
    assert await tab.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
