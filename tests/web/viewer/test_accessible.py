"""What axe finds on each page in both themes (nothing), and how heavy the viewer is."""

import pytest
from playwright.async_api import Browser, expect

from tests.web.axe import found
from tests.web.browser import new_tab
from tests.web.serving import Served
from tests.web.viewer.pages import opened

pytestmark = pytest.mark.browser

_MOST_BYTES = 250_000
_WEIGHT = """performance.getEntriesByType("resource").filter((entry) => entry.name.includes("/static/"))
  .reduce((sum, entry) => sum + entry.decodedBodySize, 0)"""


async def test_axe_finds_nothing_on_any_page(browser: Browser, served: Served, axe: str) -> None:
    streams = [await served.add(name=name) for name in ("lobby", "garden", "gate")]
    for number, score in enumerate((0.95, 0.35)):
        source = await served.pool.source(number)
        source.live()
        for position_s in range(6):
            source.sample(float(position_s), score)
    (await served.pool.source(2)).fail("not_found", "The server answered 404.")
    await served.until(f"/v1/streams/{streams[2]['id']}", lambda stream: stream["state"] == "failed")
    # Not the page's own script: its policy would refuse what the test brings in.
    tab = await new_tab(browser, bypass_csp=True)
    (incident,) = (await served.get("/v1/incidents"))["incidents"]
    ids = (streams[0]["id"], streams[2]["id"])
    watching = ("#/", *(f"#/streams/{one}" for one in ids), "#/incidents", f"#/incidents/{incident['id']}")
    for fragment in (*watching, f"#/media/{streams[2]['media']}/report", "#/add", "#/publish"):
        page = await opened(tab, served.url, fragment)
        await expect(page.get_by_role("heading", level=1)).to_have_count(1)
        if "streams" in fragment:
            await expect(page.locator("#chart canvas")).to_be_visible()
            await page.locator("[role=slider]").first.press("ArrowUp")
        if "incidents" in fragment:
            await expect(page.get_by_role("heading", name="lobby", exact=True)).to_be_visible()
            if fragment == "#/incidents":
                await page.get_by_role("button", name="Heat").click()
            await expect(page.locator("canvas.heat")).to_be_visible()
            await page.keyboard.press("n")
            assert await found(page, axe) == [], f"{fragment}, a note"
            await page.get_by_role("button", name="Confirm with it").click()
            await expect(page.get_by_text("Sent in")).to_be_visible()
            await page.keyboard.press("u")
        if fragment == "#/add":
            await page.get_by_text("Policy", exact=True).click()
            await page.get_by_role("button", name="Start watching").click()
        assert await found(page, axe) == [], fragment
    for name in ("Settings", "Keys"):
        await page.get_by_role("button", name=name).click()
        assert await found(page, axe) == [], name
        await page.keyboard.press("Escape")


async def test_pages_are_light(browser: Browser, served: Served) -> None:
    """What a browser gets for each page that is opened first, the chart library included, pictures apart."""
    stream = await served.add(name="lobby")
    for fragment in ("#/", f"#/streams/{stream['id']}", "#/incidents", "#/add", "#/publish"):
        page = await opened(await new_tab(browser), served.url, fragment)
        await expect(page.get_by_role("heading", level=1)).to_have_count(1)
        if "streams" in fragment:
            await expect(page.locator("#chart canvas")).to_be_visible()
        assert 0 < await page.evaluate(_WEIGHT) <= _MOST_BYTES, fragment
        await page.context.close()
