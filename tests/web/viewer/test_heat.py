"""What drove the score, laid over the frame of a peak or left covered in it."""

from dataclasses import replace
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.web.browser import Tab, new_tab
from tests.web.serving import DETECTOR, Served, new_key, serving
from tests.web.viewer.incidents import flagged, streaming, told
from tests.web.viewer.pages import opened
from tests.web.viewer.test_incident_pictures import COLOUR
from tests.web.viewer.test_incidents import sign_in
from web.access.scopes import Scope

pytestmark = pytest.mark.browser

# The fake detector sees the left of the striped picture alone.
_LEGEND = "Outlined: what drove the score, 14 % of the picture, on the left."
_PAINTED = """(canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const at = (x, y) => [...copy.getImageData(canvas.width * x, canvas.height * y, 1, 1).data];
  return [at(0.07, 0.5), at(0.7, 0.5), canvas.width / canvas.height];
}"""
"""A pixel of the left, one of the right, and the shape."""


async def _filmed(served: Served, page: Page) -> dict[str, Any]:
    flagged(await streaming(served), 1.0)
    (incident,) = await told(served)
    await expect(page.locator(".peak-frame img")).to_be_visible()
    return incident


async def test_what_drove_the_score_is_laid_over_and_said_until_it_is_switched_off(tab: Tab, served: Served) -> None:
    page = await opened(tab, served.url, "#/incidents")
    await _filmed(served, page)
    heat, legend = page.locator("canvas.heat"), page.locator(".heat-legend")
    button = page.get_by_role("button", name="Heat")
    await expect(button).to_have_attribute("aria-pressed", "false")
    await expect(heat).to_be_hidden()
    assert not any(url.endswith("/heat") for url in tab.requests), "nobody asked for it"

    await page.keyboard.press("h")
    await expect(heat).to_be_visible()
    await expect(button).to_have_attribute("aria-pressed", "true")
    await expect(legend).to_contain_text(_LEGEND)
    left, right, shape = await heat.evaluate(_PAINTED)
    red, green, blue, opaque = left
    assert red > 200 > green > blue
    assert opaque > 100
    assert right[3] == 0
    assert shape == pytest.approx(16 / 9)
    await expect(page.locator(".peak-frame")).to_have_attribute("aria-describedby", "peak-hint peak-heat")

    await page.reload()
    await expect(legend).to_contain_text(_LEGEND)
    await page.get_by_role("button", name="Heat").click()
    await expect(heat).to_be_hidden()
    await expect(legend).to_be_hidden()
    assert not any("clear=1" in url for url in tab.requests)
    assert tab.complaints == []


async def test_covered_means_grey_and_is_written_down_as_that(tab: Tab, served: Served) -> None:
    page = await opened(tab, served.url, "#/incidents")
    incident = await _filmed(served, page)
    await page.get_by_role("button", name="Keep covered").click()
    await expect(page.get_by_text("to see it in grey with what drove the score in blocks")).to_be_visible()
    await page.keyboard.down("v")
    await expect(page.locator(".peak-frame[data-clear]")).to_have_attribute(
        "aria-label", "Frame of the peak, grey, what drove the score in blocks"
    )
    green, laid_over = await page.locator(".peak-frame img").evaluate(COLOUR)
    assert green < 12
    assert laid_over == "none"
    await page.keyboard.up("v")

    await page.keyboard.press("b")
    await page.keyboard.down("v")
    await expect(page.locator(".peak-frame[data-clear]")).to_have_attribute("aria-label", "Frame of the peak, clear")
    assert (await page.locator(".peak-frame img").evaluate(COLOUR))[0] > 150
    await page.keyboard.up("v")

    def whole(answer: dict[str, Any]) -> bool:
        return len(answer["views"]) == 2 and all(view["shown_s"] is not None for view in answer["views"])

    views = (await served.until(f"/v1/views?subject={incident['id']}", whole))["views"]
    assert [view["kind"] for view in views] == ["thumbnail", "covered"]
    assert tab.complaints == []


async def test_heat_needs_no_right_and_a_covered_picture_does(browser: Browser) -> None:
    async with serving(keyed=True) as served:
        mine = await new_key(served.store, Scope.STREAMS, Scope.EVENTS)
        await served.access.refresh()
        served.http.headers["Authorization"] = f"Bearer {mine}"
        page = (await new_tab(browser)).page
        await page.goto(f"{served.url}/#/incidents")
        await sign_in(page, mine)
        await _filmed(served, page)
        await page.keyboard.press("h")
        await expect(page.locator("canvas.heat")).to_be_visible()
        await page.keyboard.press("b")
        await page.keyboard.down("v")
        await expect(page.get_by_text("Your key may not see pictures as they are.")).to_be_visible()
        await page.keyboard.up("v")
        await expect(page.locator(".peak-frame[data-clear]")).to_have_count(0)


async def test_a_detector_that_does_not_tell_where_has_no_buttons_and_no_keys(browser: Browser) -> None:
    async with serving(detector=replace(DETECTOR, heat_px=None)) as served:
        tab = await new_tab(browser)
        page = await opened(tab, served.url, "#/incidents")
        await _filmed(served, page)
        await expect(page.get_by_role("button", name="Heat")).to_have_count(0)
        await page.keyboard.press("h")
        await page.keyboard.press("b")
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Hold: see the picture clear")
        await expect(page.get_by_role("dialog", name="Keys")).not_to_contain_text("what drove the score")
        await page.keyboard.press("Escape")
        await page.keyboard.down("v")
        await expect(page.locator(".peak-frame[data-clear]")).to_be_visible()
        await page.keyboard.up("v")
        assert not any("heat" in url.rpartition("/")[2] or "covered" in url for url in tab.requests if "/v1/" in url)
        assert tab.complaints == []
