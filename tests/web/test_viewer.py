"""The viewer page as a moderator meets it: in Chromium, on a running service."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Browser, Page, Route, WebSocketRoute, expect

from tests.conftest import StartService
from tests.media import Clips
from tests.servers.http import HttpServer
from tests.servers.service import Service
from tests.web.browser import Tab, chromium, new_tab

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


async def _add(page: Page, url: str) -> None:
    await page.get_by_role("button", name="Add a URL").first.click()
    await page.get_by_label("Address of the stream or video").fill(url)
    await page.get_by_role("button", name="Start watching").click()


async def test_page_loads_without_errors_and_asks_nobody_else(tab: Tab, service: Service) -> None:
    page = await _open(tab, service)
    await expect(page.get_by_role("heading", name="Nothing is being watched yet")).to_be_visible()
    await page.get_by_role("button", name="Publish webcam").first.click()
    await expect(page.get_by_role("button", name="Start camera")).to_be_visible()
    assert tab.complaints == []
    assert {urlsplit(url).netloc for url in tab.requests} == {urlsplit(service.url).netloc}


async def test_bad_url_shows_the_services_objection_at_the_field(tab: Tab, service: Service) -> None:
    page = await _open(tab, service)
    _, problem = service.request("POST", "/v1/streams", {"url": "no address at all"})
    await _add(page, "no address at all")
    await expect(page.locator("#add-url-error")).to_contain_text(problem["errors"][0]["message"])
    field = page.get_by_label("Address of the stream or video")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(field).to_be_focused()
    await field.fill("rtsp://")
    await expect(page.locator("#add-url-error")).to_be_empty()


async def test_failed_stream_says_why(tab: Tab, service: Service, http_server: HttpServer) -> None:
    page = await _open(tab, service)
    await _add(page, http_server.url("/status/404"))
    await expect(page.locator("#detail-state")).to_have_text("Failed", timeout=_SOON_MS)
    failed = service.wait_for("/v1/streams", lambda answer: answer["streams"][0]["error"] is not None)
    await expect(page.locator("#banner")).to_contain_text(failed["streams"][0]["error"]["message"])


async def test_added_clip_is_scored_and_ends_with_its_summary(
    tab: Tab, service: Service, http_server: HttpServer, clips: Clips
) -> None:
    page = await _open(tab, service)
    rate = clips.ts.stat().st_size // 4
    await _add(page, http_server.url(f"/slow/{clips.ts.name}?rate={rate}"))
    await expect(page.locator("#detail-state")).to_have_text("Live", timeout=_SOON_MS)
    await expect(page.locator("#now-prob")).to_have_text(_probability(3), timeout=_SOON_MS)
    await page.get_by_label("Which events").select_option("With scores")
    await expect(page.locator("#log li[data-type='gore.prob']").nth(1)).to_be_visible(timeout=_SOON_MS)

    await expect(page.locator("#detail-state")).to_have_text(re.compile("Ended|Failed"), timeout=_SOON_MS)
    assert await page.locator("#banner").inner_text() == ""
    stream = service.request("GET", "/v1/streams")[1]["streams"][0]
    shown = json.loads(await page.locator("#summary-json").inner_text())
    assert shown == service.request("GET", f"/v1/streams/{stream['id']}/summary")[1]
    assert shown["status"] == "success"
    await expect(page.locator("#final .row-prob")).to_have_text(f"{shown['gore']['prob']:.2f}")
    await expect(page.get_by_role("button", name="End stream")).to_be_hidden()
    assert tab.complaints == []


async def test_webcam_is_published_scored_and_stopped(tab: Tab, service: Service) -> None:
    page = await _open(tab, service)
    await page.get_by_role("button", name="Publish webcam").first.click()
    await page.get_by_label("Publish this camera as").fill("desk")
    await page.get_by_role("button", name="Start camera").click()
    await expect(page.locator("#detail-name")).to_have_text("desk", timeout=_SOON_MS)
    await expect(page.locator("#now-prob")).to_have_text(_probability(3), timeout=_SOON_MS)
    await expect(page.locator("#publish-status")).to_have_text("On the air.")
    await expect(page.locator("#picture-img")).to_be_visible(timeout=_SOON_MS)

    await page.get_by_role("button", name="Stop", exact=True).click()
    await expect(page.locator("#detail-state")).to_have_text("Ended", timeout=_SOON_MS)
    await expect(page.locator("#publish-video")).to_be_hidden()


async def test_webcam_under_a_name_in_use_is_told_so(tab: Tab, service: Service, http_server: HttpServer) -> None:
    service.request("POST", "/v1/streams", {"url": http_server.url("/silent"), "name": "desk"})
    page = await _open(tab, service)
    await page.get_by_role("button", name="Publish webcam").first.click()
    await page.get_by_label("Publish this camera as").fill("desk")
    await page.get_by_role("button", name="Start camera").click()
    _, problem = service.request("POST", "/v1/streams", {"url": http_server.url("/silent"), "name": "desk"})
    await expect(page.locator("#publish-error")).to_have_text(problem["detail"], timeout=_SOON_MS)
    await expect(page.get_by_role("button", name="Start camera")).to_be_visible()


async def test_refused_camera_is_explained(browser: Browser, tab: Tab, service: Service) -> None:
    await tab.page.add_init_script(
        "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); };"
    )
    page = await _open(tab, service)
    await page.get_by_role("button", name="Publish webcam").first.click()
    await page.get_by_role("button", name="Start camera").click()
    await expect(page.locator("#publish-error")).to_contain_text("The camera was refused.")


async def test_stream_is_ended_after_a_question(tab: Tab, service: Service, http_server: HttpServer) -> None:
    page = await _open(tab, service)
    await _add(page, http_server.url("/live/index.m3u8"))
    await expect(page.locator("#now-prob")).to_have_text(_probability(3), timeout=_SOON_MS)
    await page.get_by_role("button", name="End stream").click()
    await expect(page.get_by_role("button", name="Keep watching")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#detail-state")).to_have_text("Live")
    await page.locator("#end").click()
    await page.locator("#confirm-end").click()
    await expect(page.locator("#detail-state")).to_have_text("Ended", timeout=_SOON_MS)
    await expect(page.locator("#summary-json")).to_contain_text('"status": "success"', timeout=_SOON_MS)


async def test_demo_brings_an_incident(tab: Tab, start_service: StartService) -> None:
    page = await _open(tab, start_service("--workers", "1", "--demo"))
    started = page.locator("#log li[data-type='gore.incident'][data-state='started']")
    await expect(started.first).to_be_visible(timeout=60_000)
    await expect(page.locator("#active .stream")).to_contain_text("Incident")
    await expect(page.locator("#counts")).to_contain_text("1 incident running")
    await expect(page.locator("#announce")).to_contain_text("Incident started on demo")
    await expect(page).to_have_title("(1) gorewatch")
    await expect(page.locator("#incidents .alarm")).to_have_text("Running")
    ended = page.locator("#log li[data-type='gore.incident'][data-state='ended']")
    await expect(ended.first).to_be_visible(timeout=60_000)
    await expect(page).to_have_title("gorewatch")
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
    sockets: list[WebSocketRoute] = []

    def passed_on(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        socket.connect_to_server()

    await tab.page.route_web_socket(lambda url: "/v1/events" in url, passed_on)
    page = await _open(tab, start_service("--workers", "1", "--demo"))
    await page.get_by_label("Which events").select_option("With scores")
    await expect(page.locator("#log li[data-type='gore.prob']").first).to_be_visible(timeout=_SOON_MS)
    await sockets[0].close(code=4008)
    await expect(page.locator("#link")).to_contain_text("could not keep up")
    await expect(page.locator("#link")).to_have_text("Connected", timeout=_SOON_MS)
    since = parse_qs(urlsplit(sockets[1].url).query)["since"]
    assert len(since[0]) == 20


async def test_what_a_service_says_is_text_not_markup(tab: Tab, service: Service) -> None:
    hostile = "<img src=x onerror=document.title='owned'>"
    stream = {
        "id": "str_0",
        "name": hostile,
        "url": hostile,
        "state": "failed",
        "error": {"code": "x", "message": hostile},
    }

    async def answer(route: Route) -> None:
        await route.fulfill(json={"streams": [stream]})

    await tab.page.route("**/v1/streams", answer)
    page = await _open(tab, service)
    await expect(page.locator("#detail-name")).to_have_text(hostile)
    await expect(page.locator("#banner")).to_contain_text(hostile)
    assert await page.locator("img[src='x']").count() == 0
    assert await page.title() == "gorewatch"


async def test_arrow_keys_choose_among_streams(tab: Tab, service: Service, http_server: HttpServer) -> None:
    for name in ("first", "second"):
        service.request("POST", "/v1/streams", {"url": http_server.url("/silent"), "name": name})
    page = await _open(tab, service)
    await page.locator("#active .stream").first.focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#detail-name")).to_have_text("first")
    await expect(page.locator("#active .stream").nth(1)).to_be_focused()
    await page.keyboard.press("Home")
    await expect(page.locator("#detail-name")).to_have_text("second")


@pytest.mark.parametrize(("width_px", "height_px"), [(1280, 720), (360, 740)])
async def test_nothing_sticks_out_sideways(
    browser: Browser, service: Service, clips: Clips, http_server: HttpServer, width_px: int, height_px: int
) -> None:
    tab = await new_tab(browser, width_px=width_px, height_px=height_px)
    service.request("POST", "/v1/streams", {"url": http_server.url(clips.ts), "name": "n" * 64})
    page = await _open(tab, service)
    await expect(page.locator("#detail-state")).to_have_text("Ended", timeout=_SOON_MS)
    box = await page.locator("body").bounding_box()
    assert box is not None
    assert await page.evaluate("document.documentElement.scrollWidth") <= width_px
    chart = await page.locator("#chart canvas").bounding_box()
    assert chart is not None
    assert chart["x"] + chart["width"] <= width_px
    assert chart["height"] > 100


def _probability(digits: int) -> re.Pattern[str]:
    return re.compile(rf"^[01]\.\d{{{digits}}}$")
