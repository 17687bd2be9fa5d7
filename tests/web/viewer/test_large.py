"""On a wall of 4K: what is drawn grows with the text, and cameras are told apart by the ends of their names."""

import time
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.web.browser import new_tab
from tests.web.serving import Served
from tests.web.viewer.pages import opened

pytestmark = pytest.mark.browser

_WIDE_PX, _HIGH_PX = 3840, 2160
_FONTS = """
window.fonts = new Set();
const { fillText } = CanvasRenderingContext2D.prototype;
CanvasRenderingContext2D.prototype.fillText = function (...of) {
  window.fonts.add(Number.parseFloat(/([\\d.]+)px/.exec(this.font)[1]));
  fillText.apply(this, of);
};
"""
_CUT = """(names) => names
  .filter((name) => name.scrollHeight > name.clientHeight + 1 || name.scrollWidth > name.clientWidth)
  .map((name) => name.textContent)"""
_MEET = """(tiles) => tiles.flatMap((tile) => {
  const boxOf = (one) => tile.querySelector(one).getBoundingClientRect();
  const [state, time, line] = [".state", ".tile-time", ".tile-now"].map(boxOf);
  // What has gone to the second line begins where the first ends, and is not seen.
  return time.left < state.right && time.top < line.bottom - 1 ? [[state.right, time.left, time.top, line.bottom]] : [];
})"""


async def _fonts(page: Page, url: str, stream_id: str) -> set[float]:
    await page.add_init_script(_FONTS)
    await page.goto(f"{url}/#/streams/{stream_id}")
    await expect(page.locator("#chart canvas")).to_be_visible()
    await page.wait_for_function("window.fonts.size > 0")
    return set(await page.evaluate("[...window.fonts]"))


async def test_the_text_of_a_chart_grows_with_the_text_of_the_page(browser: Browser, served: Served) -> None:
    stream = await served.add(name="lobby")
    source = await served.pool.source()
    source.live()
    source.sample(0.0, 0.2)
    wall = (await new_tab(browser, width_px=_WIDE_PX, height_px=_HIGH_PX)).page
    desk = (await new_tab(browser)).page
    (usual,) = await _fonts(desk, served.url, stream["id"])
    (large,) = await _fonts(wall, served.url, stream["id"])
    assert large > 1.6 * usual


@pytest.mark.parametrize(("width_px", "height_px"), [(_WIDE_PX, _HIGH_PX), (1280, 720), (320, 640)])
async def test_tiles_tell_cameras_apart_and_nothing_in_them_overlaps(
    browser: Browser, served: Served, width_px: int, height_px: int
) -> None:
    def stream(number: int, name: str) -> dict[str, Any]:
        started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 80))
        shown = {"id": f"str_{number}", "name": name, "url": "rtsp://camera.example/", "policy": {}}
        return {**shown, "state": "reconnecting", "prob": 0.1, "started": started}

    names = [f"camera-of-the-east-gate-by-the-river-{side}" for side in ("in", "out")]
    streams = [stream(number, name) for number, name in enumerate(names)]
    tab = await new_tab(browser, width_px=width_px, height_px=height_px)
    await tab.page.route("**/v1/streams", lambda route: route.fulfill(json={"streams": streams}))
    page = await opened(tab, served.url)
    await expect(page.locator(".tile-now")).to_have_count(2)
    await expect(page.locator(".tile-time").first).not_to_be_empty()
    assert await page.locator(".tile-name").evaluate_all(_CUT) == []
    assert await page.locator(".tile").evaluate_all(_MEET) == []
