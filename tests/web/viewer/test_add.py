"""Adding a stream: what cannot be used is said at its field, by the page while somebody types and by the service."""

import re

import pytest
from playwright.async_api import Page, expect

from inference.policy import RANGES
from stream.errors import AddressRefused
from tests.web.browser import Tab
from tests.web.serving import Served
from tests.web.viewer.pages import opened

pytestmark = pytest.mark.browser


async def _add(page: Page, url: str, name: str = "") -> None:
    await page.get_by_label("Address").fill(url)
    await page.get_by_label("Name (optional)").fill(name)
    await page.get_by_role("button", name="Start watching").click()


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ("", "Enter the address of a stream or a video."),
        ("no address at all", "An address begins with what it is reached by, such as rtsp:// or https://."),
        ("gopher://camera.example/", "An address begins with one of rtsp, rtsps, rtmp"),
        ("rtsp://", "Say which host and path."),
    ],
)
async def test_address_that_is_none_is_told_before_it_is_sent(
    tab: Tab, served: Served, typed: str, complaint: str
) -> None:
    page = await opened(tab, served.url, "#/add")
    await _add(page, typed)
    await expect(page.locator("#add-url-error")).to_contain_text(complaint)
    field = page.get_by_label("Address")
    await expect(field).to_be_focused()
    await expect(field).to_have_attribute("aria-invalid", "true")
    await field.fill("rtsp://camera.example/one")
    await expect(page.locator("#add-url-error")).to_be_empty()
    assert served.pool.sources == []


async def test_services_objections_appear_at_their_fields(tab: Tab, served: Served) -> None:
    page = await opened(tab, served.url, "#/add")
    await page.get_by_text("Policy", exact=True).click()
    await page.get_by_label("Threshold").fill("0.2")
    await page.get_by_label("Release").fill("0.3")
    await _add(page, "rtsp://camera.example/one")
    await expect(page.locator("#policy-release-error")).to_have_text("This must not be greater than threshold.")
    await expect(page.get_by_label("Release")).to_be_focused()
    await page.get_by_label("Release").fill("0.1")
    await _add(page, "rtsp://camera.example:99999999/one")
    await expect(page.locator("#add-url-error")).to_have_text(re.compile(r"^This address cannot be used: .+\.$"))


async def test_name_in_use_is_said_at_the_name(tab: Tab, served: Served) -> None:
    await served.add(name="lobby")
    page = await opened(tab, served.url, "#/add")
    await _add(page, "rtsp://camera.example/two", "lobby")
    await expect(page.locator("#add-name-error")).to_contain_text("lobby")
    await expect(page.get_by_label("Name (optional)")).to_be_focused()


async def test_refused_address_is_said_at_the_address(tab: Tab, served: Served) -> None:
    detail = "Private addresses are not reached."
    await tab.page.route(
        "**/v1/streams",
        lambda route: (
            route.fulfill(status=403, json={"detail": detail, "code": AddressRefused.code})
            if route.request.method == "POST"
            else route.continue_()
        ),
    )
    page = await opened(tab, served.url, "#/add")
    await _add(page, "rtsp://10.0.0.1/one")
    await expect(page.locator("#add-url-error")).to_have_text(detail)


async def test_policy_that_was_filled_in_is_used_and_the_rest_is_as_configured(tab: Tab, served: Served) -> None:
    page = await opened(tab, served.url, "#/add")
    await page.get_by_text("Policy", exact=True).click()
    await page.get_by_label("Samples a second", exact=True).fill("40")
    await page.get_by_label("Threshold").focus()
    await expect(page.locator("#policy-fps-error")).to_have_text("This must be a number from 0.001 to 30.")
    await page.get_by_label("Samples a second", exact=True).fill("4")
    await expect(page.locator("#policy-fps-error")).to_be_empty()
    await page.get_by_label("Sample by what happens").select_option("no")
    await page.get_by_label("Frames stored").select_option("none")
    await _add(page, "rtsp://camera.example/one", "lobby")
    await expect(page.get_by_role("heading", level=1)).to_have_text("lobby")
    policy = (await served.get("/v1/streams"))["streams"][0]["policy"]
    assert (policy["fps"], policy["adaptive"], policy["keep"], policy["threshold"]) == (4.0, False, "none", 0.5)
    assert tab.complaints == []


async def test_page_knows_the_services_ranges(tab: Tab, served: Served) -> None:
    page = await opened(tab, served.url, "#/add")
    ranges = await page.evaluate("import('/static/js/forms/rules.js').then((rules) => rules.RANGES)")
    assert {key: tuple(value) for key, value in ranges.items()} == RANGES
