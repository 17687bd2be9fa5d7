"""The viewer as a moderator meets it, what is around its pages: in Chromium, on a running service."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from tests.conftest import StartService
from tests.servers.service import Service
from tests.web.browser import Tab, chromium, new_tab
from tests.web.viewer.pages import Sockets

pytestmark = pytest.mark.browser

_SOON_MS = 20_000
"""For what takes decoding, scoring or connecting on a busy machine."""


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def tab(browser: Browser) -> Tab:
    return await new_tab(browser)


async def _open(tab: Tab, service: Service) -> Page:
    await tab.page.goto(f"{service.url}/")
    await expect(tab.page.locator("#link")).to_have_text("Connected", timeout=_SOON_MS)
    return tab.page


async def test_page_loads_without_errors_and_asks_nobody_else(tab: Tab, service: Service) -> None:
    page = await _open(tab, service)
    await expect(page.get_by_role("heading", name="Nothing is being watched yet")).to_be_visible()
    assert tab.complaints == []
    assert {urlsplit(url).netloc for url in tab.requests} == {urlsplit(service.url).netloc}


async def test_hash_that_is_no_page_leads_to_the_wall(tab: Tab, service: Service) -> None:
    await tab.page.goto(f"{service.url}/#/nowhere")
    await expect(tab.page.get_by_role("heading", name="There is no such page.")).to_be_visible()
    await tab.page.get_by_role("link", name="Go to the wall").click()
    await expect(tab.page.get_by_role("heading", name="Nothing is being watched yet")).to_be_visible()


async def test_keys_show_themselves_and_lead_to_pages(tab: Tab, service: Service) -> None:
    page = await _open(tab, service)
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_contain_text("g then w")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.goto(f"{service.url}/#/nowhere")
    await page.keyboard.press("g")
    await page.keyboard.press("w")
    await expect(page).to_have_url(f"{service.url}/#/")
    await page.get_by_role("button", name="Settings").click()
    await page.get_by_label("Single-key shortcuts").uncheck()
    await page.get_by_role("button", name="Close").click()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_chosen_colours_are_remembered(tab: Tab, service: Service) -> None:
    page = await _open(tab, service)
    background = "getComputedStyle(document.body).backgroundColor"
    dark = await page.evaluate(background)
    await page.get_by_role("button", name="Settings").click()
    await page.get_by_label("Light").check()
    light = await page.evaluate(background)
    assert light != dark
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-theme", "light")
    assert await page.evaluate(background) == light


async def test_skip_link_leaves_the_page_open(tab: Tab, service: Service) -> None:
    page = await _open(tab, service)
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#main")).to_be_focused()
    await expect(page).to_have_url(f"{service.url}/")


async def test_demo_brings_an_incident(tab: Tab, start_service: StartService) -> None:
    page = await _open(tab, start_service("--workers", "1", "--demo"))
    tile = page.get_by_role("link", name="demo")
    await expect(tile).to_contain_text("Incident", timeout=60_000)
    await expect(page.locator("#counts")).to_contain_text("1 incident running")
    await expect(page.locator("#announce")).to_contain_text("Incident started on demo")
    await expect(page).to_have_title("(1) Wall · gorewatch")
    await expect(page.locator("#announce")).to_contain_text("Incident ended on demo", timeout=60_000)
    await expect(page).to_have_title("Wall · gorewatch")
    await expect(tile).to_contain_text("Live")
    assert tab.complaints == []


async def test_credentials_are_asked_for_and_kept(tab: Tab, start_service: StartService) -> None:
    service = start_service("--workers", "1")
    token = await asyncio.to_thread(service.make_key)
    page = tab.page
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    await page.goto(f"{service.url}/")
    await page.get_by_label("API user and secret").fill("wrong")
    await page.keyboard.press("Enter")
    await expect(page.locator("#sign-in-error")).to_have_text("That was not accepted.")
    await page.get_by_label("API user and secret").fill(token)
    await page.keyboard.press("Enter")
    await expect(page.locator("#link")).to_have_text("Connected", timeout=_SOON_MS)
    await page.reload()
    await expect(page.locator("#link")).to_have_text("Connected", timeout=_SOON_MS)
    assert token not in page.url
    secret = token.partition(":")[2]
    assert len(sockets) == 2
    assert all("token=tok_" in url and secret not in url for url in sockets)


async def test_cut_socket_is_shown_and_resumed(tab: Tab, start_service: StartService) -> None:
    sockets = Sockets()
    await sockets.between(tab.page)
    page = await _open(tab, start_service("--workers", "1", "--demo"))
    await sockets.until(1)
    await sockets.cut(4008)
    await expect(page.locator("#link")).to_contain_text("could not keep up", timeout=_SOON_MS)
    sockets.refused = False
    await expect(page.locator("#link")).to_have_text("Connected", timeout=_SOON_MS)
    since = parse_qs(urlsplit(sockets.routes[-1].url).query)["since"]
    assert len(since[0]) == 20
    await expect(page.locator(".notice")).to_contain_text("Connected again after")
