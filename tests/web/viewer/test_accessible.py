"""What axe finds on each page in both themes (nothing), and how heavy the viewer is."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.servers import npm
from tests.web.browser import Theme, new_tab
from tests.web.serving import Served
from tests.web.viewer.pages import SOON_MS, opened
from web import __file__ as web_file

pytestmark = pytest.mark.browser

_AXE = "axe-core@4.14.1"
_MOST_BYTES = 250_000
_STATIC = Path(web_file).parent / "static"


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core."""
    modules = npm.node_modules(tmp_path_factory.mktemp("axe"), _AXE)
    return (modules / "axe-core" / "axe.min.js").read_text()


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_axe_finds_nothing_on_any_page(browser: Browser, served: Served, axe: str, theme: Theme) -> None:
    streams = [await served.add(name=name) for name in ("lobby", "garden", "gate")]
    for number, score in enumerate((0.95, 0.35, 0.1)):
        source = await served.pool.source(number)
        source.live()
        for position_s in range(6):
            source.sample(float(position_s), score)
    (await served.pool.source(2)).fail()
    await served.until(f"/v1/streams/{streams[2]['id']}", lambda stream: stream["state"] == "failed")
    # Not the page's own script: its policy would refuse what the test brings in.
    tab = await new_tab(browser, bypass_csp=True, theme=theme)
    for fragment in ("#/", f"#/streams/{streams[0]['id']}", f"#/streams/{streams[2]['id']}", "#/add", "#/publish"):
        page = await opened(tab, served.url, fragment)
        await expect(page.get_by_role("heading", level=1)).to_have_count(1)
        if "streams" in fragment:
            await expect(page.locator("#chart canvas")).to_be_visible(timeout=SOON_MS)
            await page.locator("[role=slider]").first.press("ArrowUp")
        if fragment == "#/add":
            await page.get_by_text("Policy", exact=True).click()
            await page.get_by_role("button", name="Start watching").click()
        assert await _found(page, axe) == [], fragment
    for name in ("Settings", "Keys"):
        await page.get_by_role("button", name=name).click()
        assert await _found(page, axe) == [], name
        await page.keyboard.press("Escape")


async def _found(page: Page, axe: str) -> list[str]:
    await page.evaluate(axe)
    answer: dict[str, Any] = await page.evaluate("axe.run()")
    found = [(rule["id"], node) for rule in answer["violations"] for node in rule["nodes"]]
    return [f"{rule}: {node['html']} {node['failureSummary']}" for rule, node in found]


async def test_viewer_is_light() -> None:
    """What a browser gets for all pages of the viewer, the chart library included; the page of the interface apart."""
    ours = {path for kind in ("js", "css", "html") for path in _STATIC.rglob(f"*.{kind}")}
    weight = sum(path.stat().st_size for path in ours if "docs" not in (*path.parts, path.stem))
    assert weight <= _MOST_BYTES
