"""On a screen of 320 pixels the filters of incidents take one line until somebody opens them."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.web.browser import new_tab
from tests.web.serving import Served
from tests.web.viewer.incidents import stored
from tests.web.viewer.pages import opened

pytestmark = pytest.mark.browser

_NARROW_PX = 320


async def _rests_above(page: Page) -> float:
    """How far down the page the list begins."""
    box = await page.locator("#queue").bounding_box()
    assert box is not None
    return box["y"]


async def test_filters_fold_on_a_narrow_screen_and_say_how_many_are_set(browser: Browser, served: Served) -> None:
    await stored(served, 3, names=("one", "two", "three"))
    tab = await new_tab(browser, width_px=_NARROW_PX, height_px=640)
    page = await opened(tab, served.url, "#/incidents")
    fold, field = page.locator(".queue-fold"), page.get_by_label("Stream", exact=True)
    await expect(page.locator("#queue [role=option]")).to_have_count(3)
    await expect(fold).to_have_text("Filters")
    await expect(field).to_be_hidden()
    folded = await _rests_above(page)
    assert folded < 640 / 2, "the list is seen without scrolling"

    await fold.focus()
    await page.keyboard.press("Enter")
    await expect(fold).to_have_attribute("aria-expanded", "true")
    await field.select_option(label="two")
    await page.get_by_label("State").select_option(label="Over")
    await expect(page.locator("#queue [role=option]")).to_have_count(1)
    assert await _rests_above(page) > folded
    assert await page.evaluate("document.documentElement.scrollWidth") <= _NARROW_PX
    await fold.click()
    await expect(field).to_be_hidden()
    await expect(fold).to_have_text("Filters, 2 set")
    assert tab.complaints == []


async def test_filters_are_always_there_on_a_wide_screen(browser: Browser, served: Served) -> None:
    await stored(served, 1)
    page = await opened(await new_tab(browser), served.url, "#/incidents")
    await expect(page.locator(".queue-fold")).to_be_hidden()
    await expect(page.get_by_label("Stream", exact=True)).to_be_visible()
