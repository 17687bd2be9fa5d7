"""A moderator's whole way, nothing of it made up: from an empty service over a live stream to its summary."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.servers.rtmp import RtmpServer
from tests.servers.service import Service
from tests.web.browser import Tab
from tests.web.viewer.pages import opened
from web.demo import DURATION_S, write_demo_clip

pytestmark = pytest.mark.browser

_WITHIN_MS = 1000 * (3 * DURATION_S + 30)
"""For the blood of the clip, which comes once in it, to come, be scored and be told of."""


async def _added(page: Page, url: str) -> None:
    await page.locator(".empty").get_by_role("link", name="Add a stream").click()
    await page.get_by_label("Address").fill(url)
    await page.get_by_label("Name (optional)").fill("gate")
    await page.get_by_role("button", name="Start watching").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("gate")
    await expect(page.locator("#picture-img")).to_be_visible(timeout=_WITHIN_MS)
    await page.keyboard.press("g")
    await page.keyboard.press("w")
    await expect(page.get_by_role("link", name="gate").locator("img")).to_be_visible()


async def _reviewed_by_keyboard(page: Page) -> None:
    await page.keyboard.press("g")
    await page.keyboard.press("i")
    row = page.locator("#queue [role=option]")
    await expect(row.first).to_contain_text("gate", timeout=_WITHIN_MS)
    await expect(page.locator(".peak-frame img")).to_be_visible()
    await page.keyboard.press("h")
    await expect(page.locator(".heat-legend")).to_contain_text("what drove the score")
    await page.keyboard.down("v")
    await expect(page.locator(".peak-frame[data-clear]")).to_be_visible()
    await page.keyboard.up("v")
    await page.keyboard.press("c")
    await page.keyboard.press("u")
    await expect(page.locator("#said")).to_contain_text("Undone: gate")
    await page.keyboard.press("n")
    await page.keyboard.type("Drawn, not real.")
    await page.get_by_role("button", name="Dismiss with it").press("Enter")
    await expect(page.locator("#waiting")).to_contain_text("Dismissed: gate")


async def _ended(page: Page) -> dict[str, Any]:
    """The summary that the page shows."""
    await page.keyboard.press("g")
    await page.keyboard.press("w")
    await page.get_by_role("link", name="gate").click()
    await page.get_by_role("button", name="End stream").click()
    await page.get_by_role("dialog").get_by_role("button", name="End stream").click()
    await expect(page.locator("#stream-state")).to_have_text("Ended")
    await expect(page.locator("#summary-json")).not_to_be_empty()
    summary: dict[str, Any] = json.loads(await page.locator("#summary-json").inner_text())
    return summary


def _kept(service: Service) -> None:
    """What was said of the incident, and that it was looked at."""
    answer = service.wait_for("/v1/incidents?verdict=dismissed", lambda answer: len(answer["incidents"]) == 1)
    (incident,) = answer["incidents"]
    assert (incident["name"], incident["review"]["note"]) == ("gate", "Drawn, not real.")
    answer = service.wait_for(f"/v1/views?subject={incident['id']}", lambda answer: answer["views"][0]["shown_s"])
    assert [view["kind"] for view in answer["views"]] == ["thumbnail"]


async def test_a_live_stream_is_added_seen_reviewed_and_ended_and_its_summary_read(
    tab: Tab, service: Service, rtmp_server: RtmpServer, tmp_path: Path
) -> None:
    clip = tmp_path / "demo.mp4"
    await asyncio.to_thread(write_demo_clip, clip)
    with rtmp_server.publish(clip, "gate"):
        page = await opened(tab, service.url)
        await _added(page, rtmp_server.url("gate"))
        await _reviewed_by_keyboard(page)
        summary = await _ended(page)
        await page.get_by_role("link", name="Report").click()
        ended = page.locator("dl div", has_text="Ended").locator("time")
        await expect(ended).to_have_attribute("title", re.compile(r"^\d{4}-\d\d-\d\d .+ UTC$"))
    assert summary["gore"]["prob"] > 0.5
    assert summary["media"]["uri"] == rtmp_server.url("gate")
    assert tab.complaints == []
    await asyncio.to_thread(_kept, service)
