"""The page of a stream: live, its incidents, other policies, its end and what is left of it."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from tests.until import until
from tests.web.browser import Tab
from tests.web.fakes import FakeSource
from tests.web.serving import Served
from tests.web.viewer.pages import note_texts, noted, opened

pytestmark = pytest.mark.browser


_PLOT = "#chart .u-over"
"""The plotting area of the chart."""


async def _watched(served: Served, name: str = "lobby") -> tuple[str, FakeSource]:
    stream = await served.add(name=name)
    source = await served.pool.source()
    source.live()
    return stream["id"], source


def _score(source: FakeSource, *scores: float, from_s: float = 0.0) -> None:
    for number, score in enumerate(scores):
        source.sample(from_s + number, score)


async def test_from_an_empty_service_to_a_summary(tab: Tab, served: Served) -> None:
    page = await opened(tab, served.url)
    await page.locator(".empty").get_by_role("link", name="Add a stream").click()
    await page.get_by_label("Address").fill("rtsp://camera.example/lobby")
    await page.get_by_label("Name").fill("lobby")
    await page.get_by_role("button", name="Start watching").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("lobby")
    source = await served.pool.source()
    source.live()
    _score(source, 0.1, 0.1)
    await expect(page.locator("#stream-state")).to_have_text("Live")
    await expect(page.locator("#now-prob")).to_have_text(re.compile(r"^0\.10\d$"))
    await expect(page.locator("#picture-img")).to_be_visible()
    _score(source, 0.9, 0.95, 0.9, 0.9, from_s=2.0)
    await expect(page.locator("#stream-state")).to_have_text("Incident")
    await expect(page).to_have_title("(1) lobby · gorewatch")
    await expect(page.locator("#incidents li")).to_contain_text("from 0:0")
    await expect(page.locator("#log")).to_contain_text("Incident started")
    await page.get_by_role("button", name="End stream").click()
    await page.get_by_role("dialog").get_by_role("button", name="Keep watching").click()
    await expect(page.locator("#stream-state")).to_have_text("Incident")
    await page.get_by_role("button", name="End stream").click()
    await page.get_by_role("dialog").get_by_role("button", name="End stream").click()
    await expect(page.locator("#stream-state")).to_have_text("Ended")
    await expect(page.locator("#summary-json")).not_to_be_empty()
    shown = json.loads(await page.locator("#summary-json").inner_text())
    stream = (await served.get("/v1/streams"))["streams"][0]
    assert shown == await served.get(f"/v1/streams/{stream['id']}/summary")
    await expect(page.locator("#now-prob")).to_have_text(f"{shown['gore']['prob']:.3f}")
    await expect(page.get_by_role("button", name="End stream")).to_be_hidden()
    await page.get_by_role("link", name="Report").click()
    await expect(page.locator(".lead")).to_have_text("rtsp://camera.example/lobby")
    async with page.expect_download() as saving:
        await page.get_by_role("button", name="Save the report").click()
    report = await asyncio.to_thread(Path(await (await saving.value).path()).read_text)
    assert report.startswith("<!doctype html>")
    assert stream["media"] in report
    assert await page.get_by_role("link", name="Open the report").get_attribute("href") == (
        f"/v1/media/{stream['media']}/report.html"
    )
    assert tab.complaints == []


async def test_failed_stream_says_why(tab: Tab, served: Served) -> None:
    stream_id = (await served.add(name="lobby"))["id"]
    page = await opened(tab, served.url, f"#/streams/{stream_id}")
    (await served.pool.source()).fail("not_found", "The server answered 404.")
    await expect(page.locator("#stream-state")).to_have_text("Failed")
    await expect(page.locator("#banner")).to_have_text("The server answered 404. (not_found)")


async def test_summary_is_copied(tab: Tab, served: Served) -> None:
    stream_id, source = await _watched(served)
    _score(source, 0.1, 0.2)
    source.end()
    await served.until(f"/v1/streams/{stream_id}", lambda stream: stream["state"] == "ended")
    await tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await note_texts(tab.page)
    page = await opened(tab, served.url, f"#/streams/{stream_id}")
    await page.locator(".summary").get_by_role("button", name="Copy JSON").click()
    await noted(page, "Copied")
    copied = json.loads(await page.evaluate("navigator.clipboard.readText()"))
    assert copied == await served.get(f"/v1/streams/{stream_id}/summary")


async def test_unknown_stream_is_told_so(tab: Tab, served: Served) -> None:
    page = await opened(tab, served.url, "#/streams/str_0000000000000000000000")
    await expect(page.get_by_role("heading", name="There is no stream of this id.")).to_be_visible()


async def test_chart_is_zoomed_and_follows_again(tab: Tab, served: Served) -> None:
    stream_id, source = await _watched(served)
    _score(source, *[0.1] * 300)
    await served.until(f"/v1/streams/{stream_id}", lambda stream: stream["samples"] == 300)
    page = await opened(tab, served.url, f"#/streams/{stream_id}")
    follow = page.get_by_role("button", name="Follow live again")
    await expect(follow).to_be_hidden()
    plot = page.locator(_PLOT)
    await plot.hover(position={"x": 100, "y": 20})
    await page.mouse.down()
    await plot.hover(position={"x": 300, "y": 20})
    await page.mouse.up()
    await expect(page.get_by_role("button", name="2 min")).to_have_attribute("aria-pressed", "false")
    await follow.click()
    await expect(follow).to_be_hidden()
    await expect(page.get_by_role("button", name="2 min")).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("-")
    await expect(follow).to_be_visible()
    await page.keyboard.press("f")
    await expect(follow).to_be_hidden()


async def test_what_is_no_longer_in_memory_is_fetched_as_somebody_looks(tab: Tab, served: Served) -> None:
    stream_id, source = await _watched(served)
    _score(source, *[0.1] * 40, *[0.9] * 5, *[0.1] * 1400)
    await served.until(f"/v1/streams/{stream_id}", lambda stream: stream["samples"] == 1445)
    page = await opened(tab, served.url, f"#/streams/{stream_id}")
    chart = page.locator("#chart")
    await expect(chart).to_have_attribute("aria-label", re.compile(r"highest 0\.1\d in"))
    await page.get_by_role("button", name="All", exact=True).click()
    await expect(chart).to_have_attribute("aria-label", re.compile(r"highest 0\.[89]\d in"))


async def test_incident_is_shown_on_the_chart(tab: Tab, served: Served) -> None:
    stream_id, source = await _watched(served)
    _score(source, *[0.1] * 10, *[0.9] * 5, *[0.1] * 10)
    await served.until(f"/v1/streams/{stream_id}", lambda stream: stream["samples"] == 25)
    page = await opened(tab, served.url, f"#/streams/{stream_id}")
    await expect(page.locator(_PLOT)).to_be_visible()
    await page.locator("#incidents button").click()
    await expect(page.get_by_role("button", name="Follow live again")).to_be_visible()
    incident = (await served.get("/v1/incidents"))["incidents"][0]["id"]
    await expect(page.locator("#incidents a")).to_have_attribute("href", f"#/incidents/{incident}")


async def test_another_policy_is_tried_by_keys_by_pointer_and_by_number(tab: Tab, served: Served) -> None:
    asked: list[dict[str, object]] = []

    async def answer(route: Route) -> None:
        policy = (route.request.post_data_json or {})["policy"]
        asked.append(policy)
        incidents = [{"start": 1.0, "end": 3.0, "peak": 0.4, "peak_position": 2.0}] * 3
        await route.fulfill(
            json={"media": "m", "policy": policy, "exact": True, "ignored": [], "incidents": incidents}
            | {"incident_count": 3, "flagged_seconds": 6.0, "summary": {}}
        )

    await tab.page.route("**/v1/media/*/replay", answer)
    stream_id, source = await _watched(served)
    _score(source, *[0.35] * 5)
    page = await opened(tab, served.url, f"#/streams/{stream_id}")
    threshold = page.get_by_role("slider", name="Threshold to try")
    await threshold.press("PageDown")
    await threshold.press("ArrowDown")
    answered = page.locator(".try-answer")
    await expect(answered).to_have_text(
        "Would have raised 3 incidents, 6.0 s flagged in all. The present policy raised 0."
    )
    await until(lambda: asked[-1] == {"threshold": 0.39, "release": 0.39})
    await expect(page.get_by_label("Policy as JSON")).to_have_text('{"threshold":0.39,"release":0.39}')
    plot = page.locator(_PLOT)
    handle, over = await threshold.bounding_box(), await plot.bounding_box()
    assert handle is not None
    assert over is not None
    # Wherever they are now: the other handle lies over this one, and then this one over the plot.
    await threshold.hover(position={"x": handle["width"] - 5, "y": handle["height"] / 2}, force=True)
    await page.mouse.down()
    await plot.hover(position={"x": over["width"] - 5, "y": over["height"] * 0.2}, force=True)
    await page.mouse.up()
    await expect(page.get_by_label("Threshold", exact=True)).to_have_value("0.8")
    await page.get_by_label("Window (s)").fill("8")
    await expect(page.get_by_label("Policy as JSON")).to_have_text(re.compile('"window":8'))
    await page.get_by_role("link", name="Add a stream with it").click()
    await expect(page.get_by_label("Smoothed over")).to_have_value("8")
    await page.go_back()
    await expect(page.get_by_label("Policy as JSON")).to_be_hidden()
    assert tab.complaints == []


async def test_service_judges_what_was_seen_by_another_policy(tab: Tab, served: Served) -> None:
    stream_id, source = await _watched(served)
    _score(source, *([0.35] * 6 + [0.05] * 6) * 3, 0.05)
    source.end()
    await served.until(f"/v1/streams/{stream_id}", lambda stream: stream["state"] == "ended")
    page = await opened(tab, served.url, f"#/streams/{stream_id}")
    await page.get_by_label("Threshold", exact=True).fill("0.3")
    await expect(page.locator(".try-answer")).to_contain_text("Would have raised 3 incidents")
    await page.get_by_label("Threshold", exact=True).fill("0.9")
    await expect(page.locator(".try-answer")).to_contain_text("Would have raised 0 incidents")
    assert tab.complaints == []


async def test_busy_service_is_asked_again(tab: Tab, served: Served) -> None:
    answers = [429, 200]

    async def answer(route: Route) -> None:
        body = {
            "detail": "One at a time.",
            "incidents": [],
            "incident_count": 1,
            "flagged_seconds": 2.0,
            "exact": False,
        }
        await route.fulfill(status=answers.pop(0), json=body)

    await tab.page.route("**/v1/media/*/replay", answer)
    stream_id, source = await _watched(served)
    _score(source, 0.2)
    page = await opened(tab, served.url, f"#/streams/{stream_id}")
    await page.get_by_label("Threshold", exact=True).fill("0.6")
    await expect(page.locator(".try-answer")).to_have_text(
        "Would have raised 1 incident, 2.0 s flagged in all. The present policy raised 0. "
        "Scores are missing or thinned out, so this is not exact."
    )


async def test_service_that_cannot_replay_is_told_of(tab: Tab, served: Served) -> None:
    await tab.page.route("**/v1/media/*/replay", lambda route: route.fulfill(status=404, json={"detail": "Not found."}))
    stream_id, source = await _watched(served)
    _score(source, 0.2)
    page = await opened(tab, served.url, f"#/streams/{stream_id}")
    await page.get_by_role("slider", name="Release to try").press("ArrowDown")
    await expect(page.locator(".try-answer")).to_have_text("This service cannot judge stored scores again.")
    await page.get_by_role("button", name="Back to the present policy").click()
    await expect(page.get_by_label("Release", exact=True)).to_have_value("0.4")
