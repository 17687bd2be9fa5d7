"""Who wants less motion sees none: nothing of the viewer runs an animation or a transition."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.web.browser import new_tab
from tests.web.serving import Served
from tests.web.viewer.incidents import flagged, streaming
from tests.web.viewer.pages import opened

pytestmark = pytest.mark.browser

_NOTED = """
window.moved = [];
for (const type of ["transitionrun", "animationstart"]) {
  addEventListener(type, (event) => window.moved.push(`${type} ${event.target.className}`), true);
}
"""
_ANIMATED = "document.getAnimations().length"
_PROBE = """async () => {
  const style = document.createElement("style");
  style.textContent = "@keyframes probe { to { opacity: .5 } } .probe { animation: probe 60s; transition: color 60s }";
  const probe = Object.assign(document.createElement("p"), { className: "probe" });
  document.head.append(style);
  document.body.append(probe);
  probe.getBoundingClientRect();
  probe.style.color = "red";
  await new Promise(requestAnimationFrame);
  return document.getAnimations().length;
}"""
"""How much of what is animated and in transition runs: all of it, but for a rule that holds for the whole page."""


async def _used(page: Page, served: Served) -> None:
    """Tiles come and change, dialogs and notes open and close, verdicts come with their bar."""
    source = await streaming(served)
    source.sample(0.0, 0.2)
    await expect(page.get_by_role("link", name="lobby")).to_contain_text("0.20")
    flagged(source, 1.0, lasts=True)
    await expect(page.get_by_role("link", name="lobby")).to_contain_text("Incident")
    await page.locator(".tile").hover()
    await page.locator(".tile").click()
    await expect(page.locator("#chart canvas")).to_be_visible()
    await page.get_by_role("button", name="Settings").click()
    await page.keyboard.press("Escape")
    await page.keyboard.press("g")
    await page.keyboard.press("i")
    await expect(page.locator("#queue [role=option]")).to_have_count(1)
    await page.keyboard.press("n")
    await page.keyboard.press("Escape")
    await page.keyboard.press("c")
    await expect(page.locator("#waiting")).to_be_visible()
    await page.keyboard.press("u")


async def test_with_reduced_motion_nothing_moves_by_itself(browser: Browser, served: Served) -> None:
    tab = await new_tab(browser, bypass_csp=True)
    await tab.page.emulate_media(reduced_motion="reduce")
    await tab.page.add_init_script(_NOTED)
    page = await opened(tab, served.url)
    assert await page.evaluate("matchMedia('(prefers-reduced-motion: reduce)').matches")
    await _used(page, served)
    assert await page.evaluate("window.moved") == []
    assert await page.evaluate(_ANIMATED) == 0
    assert await page.evaluate(_PROBE) == 0
    await page.emulate_media(reduced_motion="no-preference")
    assert await page.evaluate(_PROBE) > 0, "the probe would have been seen"
