"""The page of the HTTP interface, as a developer meets it: in Chromium, in front of fakes."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from tests.web.browser import Tab
from tests.web.serving import serving
from web.api.openapi.routes import OPERATIONS

pytestmark = pytest.mark.browser

_SHOWN = """() => Object.fromEntries([...document.querySelectorAll("#operations article")].map((article) =>
    [article.id, [article.querySelector("h3").textContent, article.querySelector("pre")?.textContent]]))"""


async def test_every_operation_is_shown_with_an_example_and_nobody_else_is_asked(tab: Tab) -> None:
    async with serving(keyed=True) as served:
        await tab.page.goto(f"{served.url}/docs#addStream")
        await expect(tab.page.locator("#schemas")).to_be_visible()
        shown = await tab.page.evaluate(_SHOWN)
        for operation in OPERATIONS:
            heading, example = shown[operation.id]
            assert heading == f"{operation.method}{operation.path}{operation.summary}"
            assert re.match(f"curl .*{re.escape(served.url)}", example)
        example = tab.page.locator("#addStream pre")
        await expect(example).to_contain_text("-X POST -H 'Authorization: Bearer API_USER:API_SECRET'")
        await expect(example).to_contain_text('"url":"rtsp://camera.example/lobby"')
        await expect(tab.page.locator("#addStream")).to_be_in_viewport()
        await tab.page.locator("#addStream").get_by_role("link", name="NewStream").click()
        await expect(tab.page.locator("#schema-NewStream")).to_be_in_viewport()
        await expect(tab.page.locator("#checkImagePosted pre")).to_contain_text("-F media=@FILE -F models=gore")
        await expect(tab.page.locator("#jobCallback")).to_contain_text("JobObject")
        feed = tab.page.get_by_role("link", name="asyncapi.json")
        await expect(feed).to_have_attribute("href", "/asyncapi.json")
        assert tab.complaints == []
        assert {urlsplit(url).netloc for url in tab.requests} == {urlsplit(served.url).netloc}


async def test_a_description_that_cannot_be_read_is_told(tab: Tab) -> None:
    async with serving() as served:
        await tab.page.route("**/openapi.json", lambda route: route.fulfill(status=503))
        await tab.page.goto(f"{served.url}/docs")
        await expect(tab.page.locator("#about")).to_contain_text("the service answers 503")
