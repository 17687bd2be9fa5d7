"""The page of a report: which media it is of, and when that was."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, expect

from tests.web.browser import new_tab
from tests.web.serving import Served
from tests.web.viewer.incidents import flagged, streaming
from tests.web.viewer.pages import opened

pytestmark = pytest.mark.browser


async def test_times_are_local_with_utc_behind_them_and_utc_in_what_is_handed_on(
    browser: Browser, served: Served
) -> None:
    zone = "Asia/Kathmandu"
    tab = await new_tab(browser, zone=zone)
    source = await streaming(served)
    flagged(source, 1.0)
    source.end()
    (stream,) = (await served.until("/v1/streams", lambda answer: answer["streams"][0]["state"] == "ended"))["streams"]
    media = await served.get(f"/v1/media/{stream['media']}")
    page = await opened(tab, served.url, f"#/media/{media['id']}/report")
    for name, stamp in (("Began", media["started"]), ("Ended", media["finished"])):
        shown = page.locator("dl div", has_text=name).locator("time")
        local = datetime.fromisoformat(stamp).astimezone(ZoneInfo(zone))
        await expect(shown).to_have_text(f"{local:%Y-%m-%d %H:%M:%S}")
        await expect(shown).to_have_attribute("title", stamp.replace("T", " ").replace("Z", " UTC"))
    await expect(page.locator("dl div", has_text="Highest probability").locator("dd")).to_have_text("0.90")
    await expect(page.locator("dl div", has_text="Samples").locator("dd")).to_have_text("5")
    async with page.context.expect_page() as opening:
        await page.get_by_role("link", name="Open the report").click()
    report = await opening.value
    began = datetime.fromisoformat(media["started"])
    await expect(report.locator("dl")).to_contain_text(f"{began:%Y-%m-%d %H:%M:%S} UTC")
    assert tab.complaints == []
