"""The viewer as a moderator meets it, what is around its pages: in Chromium, on a running service."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import expect

from tests.conftest import StartService
from tests.web.browser import Tab
from tests.web.serving import Served, new_key, serving
from tests.web.viewer.pages import Sockets, note_texts, noted, opened

pytestmark = pytest.mark.browser


async def test_page_loads_without_errors_and_asks_nobody_else(tab: Tab, served: Served) -> None:
    page = await opened(tab, served.url, "")
    await expect(page.get_by_role("heading", name="Nothing is being watched yet")).to_be_visible()
    assert tab.complaints == []
    assert {urlsplit(url).netloc for url in tab.requests} == {urlsplit(served.url).netloc}


async def test_hash_that_is_no_page_leads_to_the_wall(tab: Tab, served: Served) -> None:
    await tab.page.goto(f"{served.url}/#/nowhere")
    await expect(tab.page.get_by_role("heading", name="There is no such page.")).to_be_visible()
    await tab.page.get_by_role("link", name="Go to the wall").click()
    await expect(tab.page.get_by_role("heading", name="Nothing is being watched yet")).to_be_visible()


async def test_keys_show_themselves_and_lead_to_pages(tab: Tab, served: Served) -> None:
    page = await opened(tab, served.url)
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_contain_text("g then w")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.goto(f"{served.url}/#/nowhere")
    await page.keyboard.type("gw")  # one after the other: the second counts for a moment only
    await expect(page).to_have_url(f"{served.url}/#/")
    await page.get_by_role("button", name="Settings").click()
    await page.get_by_label("Single-key shortcuts").uncheck()
    await page.get_by_role("button", name="Close").click()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_chosen_colours_are_remembered(tab: Tab, served: Served) -> None:
    page = await opened(tab, served.url)
    background = "getComputedStyle(document.body).backgroundColor"
    dark = await page.evaluate(background)
    await page.get_by_role("button", name="Settings").click()
    await page.get_by_label("Light").check()
    light = await page.evaluate(background)
    assert light != dark
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-theme", "light")
    assert await page.evaluate(background) == light


async def test_skip_link_leaves_the_page_open(tab: Tab, served: Served) -> None:
    page = await opened(tab, served.url, "")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#main")).to_be_focused()
    await expect(page).to_have_url(f"{served.url}/")


async def test_demo_brings_an_incident(tab: Tab, start_service: StartService) -> None:
    service = start_service("--workers", "1", "--demo")
    await note_texts(tab.page)
    page = await opened(tab, service.url)
    tile = page.get_by_role("link", name="demo")
    await expect(tile).to_contain_text("Incident", timeout=60_000)
    await noted(
        page, "1 incident running", "Incident started on demo", "(1) Wall · gorewatch", "Incident ended on demo"
    )
    await expect(page).to_have_title("Wall · gorewatch")
    await expect(tile).to_contain_text("Live")
    assert tab.complaints == []
    assert {urlsplit(url.removeprefix("blob:")).netloc for url in tab.requests} == {urlsplit(service.url).netloc}


async def test_credentials_are_asked_for_and_kept(tab: Tab) -> None:
    page = tab.page
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    async with serving(keyed=True) as served:
        token = await new_key(served.store)
        await served.access.refresh()
        await page.goto(f"{served.url}/")
        await page.get_by_label("API user and secret").fill("wrong")
        await page.keyboard.press("Enter")
        await expect(page.locator("#sign-in-error")).to_have_text("That was not accepted.")
        await page.get_by_label("API user and secret").fill(token)
        await page.keyboard.press("Enter")
        await expect(page.locator("#link")).to_have_text("Connected")
        await page.reload()
        await expect(page.locator("#link")).to_have_text("Connected")
        assert token not in page.url
        secret = token.partition(":")[2]
        assert len(sockets) == 2
        assert all("token=tok_" in url and secret not in url for url in sockets)


async def test_cut_socket_is_shown_and_resumed(tab: Tab, served: Served) -> None:
    sockets = Sockets()
    await sockets.between(tab.page)
    page = await opened(tab, served.url)
    await served.add(name="lobby")
    (await served.pool.source()).live()
    await sockets.until(1)
    await sockets.cut(4008)
    await expect(page.locator("#link")).to_contain_text("could not keep up")
    sockets.refused = False
    await expect(page.locator("#link")).to_have_text("Connected")
    since = parse_qs(urlsplit(sockets.routes[-1].url).query)["since"]
    assert len(since[0]) == 20
    await expect(page.locator(".notice")).to_contain_text("Connected again after")
