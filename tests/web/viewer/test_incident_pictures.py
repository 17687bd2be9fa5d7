"""Pictures of incidents: pixelated and grey, clear while somebody holds them, and for how long is written down."""

import asyncio
import time
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.web.browser import SOON_S, Tab, new_tab
from tests.web.serving import Served, new_key, serving
from tests.web.viewer.incidents import flagged, streaming, told
from tests.web.viewer.pages import opened
from tests.web.viewer.test_incidents import reviewed, sign_in
from web.access.scopes import Scope

pytestmark = pytest.mark.browser

COLOUR = """async (image) => {
  await image.decode();
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  let most = 0;
  for (let at = 0; at < data.length; at += 4) most = Math.max(most, data[at + 1] - data[at]);
  return [most, getComputedStyle(image).filter];
}"""
"""How green the greenest pixel is, as the frame has green stripes, and what is laid over the picture."""


async def _filmed(served: Served, tab: Tab) -> tuple[Page, dict[str, Any]]:
    """The page of the queue with one incident that is over, and its picture."""
    flagged(await streaming(served), 1.0)
    (incident,) = await told(served)
    page = await opened(tab, served.url, "#/incidents")
    await expect(page.locator(".peak-frame img")).to_be_visible()
    return page, incident


async def _hidden(page: Page) -> bool:
    green, laid_over = await page.locator(".peak-frame img").evaluate(COLOUR)
    return bool(green < 100 and laid_over == "grayscale(1)")


async def _shown(served: Served, count: int) -> list[float]:
    """For how long each view was, newest first, once so many are told."""

    def whole(answer: dict[str, Any]) -> bool:
        return len([view for view in answer["views"] if view["shown_s"] is not None]) == count

    answer = await served.until("/v1/views", whole)
    assert len(answer["views"]) == count
    return [view["shown_s"] for view in answer["views"]]


async def test_a_picture_is_clear_only_while_it_is_held_and_that_is_written_down(tab: Tab, served: Served) -> None:
    page, incident = await _filmed(served, tab)
    clear, image = page.locator(".peak-frame[data-clear]"), page.locator(".peak-frame img")
    assert await _hidden(page)
    assert not any("clear=1" in url for url in tab.requests)

    before_s = time.monotonic()
    await page.keyboard.down("v")
    await expect(clear).to_be_visible()
    green, laid_over = await image.evaluate(COLOUR)
    assert green > 150
    assert laid_over == "none"
    held = await image.get_attribute("src")
    await page.keyboard.up("v")
    await expect(clear).to_have_count(0)
    assert await _hidden(page)
    gone = await page.evaluate("(url) => fetch(url).then(() => false, () => true)", held)
    assert gone, "the clear picture can still be had"
    (shown_s,) = await _shown(served, 1)
    assert 0 < shown_s <= time.monotonic() - before_s
    tab.complaints.clear()

    box = page.locator(".peak-frame")
    await box.hover()
    await page.mouse.down()
    await expect(clear).to_be_visible()
    await page.mouse.up()
    await expect(clear).to_have_count(0)
    await box.focus()
    await page.keyboard.down("Space")
    await expect(clear).to_be_visible()
    await page.evaluate("window.dispatchEvent(new Event('blur'))")
    await expect(clear).to_have_count(0)
    await page.keyboard.up("Space")
    await page.keyboard.down("v")
    await expect(clear).to_be_visible()
    await page.keyboard.press("d")
    await expect(clear).to_have_count(0)
    await _shown(served, 4)
    assert (await served.get(f"/v1/views?subject={incident['id']}"))["views"][0]["by"]["name"] == "nobody"
    assert tab.complaints == []


async def test_who_lets_go_before_it_came_has_seen_nothing(tab: Tab, served: Served) -> None:
    page, _ = await _filmed(served, tab)
    asked, let_go = asyncio.Event(), asyncio.Event()

    async def slow(route: Route) -> None:
        asked.set()
        await let_go.wait()
        await route.continue_()

    await page.route("**/thumbnail.jpg?clear=1", slow)
    await page.evaluate("""new MutationObserver(() => { window.wasClear = true; })
      .observe(document.querySelector(".peak-frame"), { attributes: true, attributeFilter: ["data-clear"] })""")
    await page.keyboard.down("v")
    await asyncio.wait_for(asked.wait(), SOON_S)
    await page.keyboard.up("v")
    let_go.set()
    assert await _shown(served, 1) == [0.0]
    assert await page.evaluate("window.wasClear") is None


async def test_leaving_the_page_ends_the_view(tab: Tab, served: Served) -> None:
    page, _ = await _filmed(served, tab)
    await page.keyboard.down("v")
    await expect(page.locator(".peak-frame[data-clear]")).to_be_visible()
    await page.goto("about:blank")
    assert (await _shown(served, 1))[0] > 0


async def test_without_the_right_the_page_says_so_and_stays_usable(browser: Browser) -> None:
    async with serving(keyed=True) as served:
        mine = await new_key(served.store, Scope.STREAMS, Scope.EVENTS)
        await served.access.refresh()
        served.http.headers["Authorization"] = f"Bearer {mine}"
        flagged(await streaming(served), 1.0)
        (incident,) = await told(served)
        tab = await new_tab(browser)
        page = tab.page
        await page.goto(f"{served.url}/#/incidents")
        await sign_in(page, mine)
        await expect(page.locator(".peak-frame img")).to_be_visible()
        await page.keyboard.down("v")
        await expect(page.get_by_text("Your key may not see pictures as they are.")).to_be_visible()
        await page.keyboard.up("v")
        assert await _hidden(page)
        await page.keyboard.press("d")
        await reviewed(served, incident, "dismissed")
