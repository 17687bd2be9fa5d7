"""Publishing from the browser: camera, screen and file, and what stands in the way of each."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.conftest import StartService
from tests.media import Clips
from tests.servers.http import HttpServer
from tests.servers.service import Service
from tests.web.browser import Tab
from tests.web.serving import Served
from tests.web.viewer.pages import SOON_MS, opened

pytestmark = pytest.mark.browser

_REFUSE = """(name) => {
  const refuse = () => Promise.reject(new DOMException("no", name));
  navigator.mediaDevices.getUserMedia = navigator.mediaDevices.getDisplayMedia = refuse;
}"""


async def _start(page: Page) -> None:
    await page.get_by_role("button", name="Start", exact=True).click()


async def test_camera_is_published_scored_and_stopped(tab: Tab, service: Service) -> None:
    page = await opened(tab, service.url, "#/publish")
    await page.get_by_label("Name of the stream").fill("desk")
    await _start(page)
    await expect(page.locator("#publish-status")).to_have_text("On the air.", timeout=SOON_MS)
    await expect(page.locator("video")).to_be_visible()
    await expect(page.locator("#publish-prob")).to_have_text(re.compile(r"^[01]\.\d{3}$"), timeout=SOON_MS)
    await expect(page.get_by_label("Camera", exact=True).locator("option")).not_to_have_count(1)

    await page.get_by_role("link", name="Wall").click()
    await expect(page.locator(".tile", has_text="desk").locator("img")).to_be_visible(timeout=SOON_MS)
    await page.get_by_role("link", name="On the air: desk").click()
    await page.get_by_role("button", name="Stop", exact=True).click()
    await expect(page.locator("#publish-status")).to_have_text("Not publishing.")
    await expect(page.locator("video")).to_be_hidden()
    service.wait_for("/v1/streams", lambda answer: answer["streams"][0]["state"] == "ended")
    assert tab.complaints == []


async def test_video_file_is_published_to_its_end(tab: Tab, service: Service, clips: Clips) -> None:
    page = await opened(tab, service.url, "#/publish")
    await page.get_by_role("radio", name="Video file").check()
    await page.get_by_label("Name of the stream").fill("file")
    await _start(page)
    await expect(page.locator("#publish-error")).to_have_text("Choose a video file first.")
    await page.locator("#publish-file").set_input_files(clips.mp4)
    await _start(page)
    await expect(page.locator("#publish-status")).to_have_text("On the air.", timeout=SOON_MS)
    await expect(page.locator("#publish-error")).to_contain_text("the file is over", timeout=SOON_MS)
    service.wait_for("/v1/streams", lambda answer: answer["streams"][0]["state"] == "ended")


async def test_file_that_is_no_video_is_told_so(tab: Tab, served: Served) -> None:
    page = await opened(tab, served.url, "#/publish")
    await page.get_by_role("radio", name="Video file").check()
    await page.locator("#publish-file").set_input_files(
        {"name": "notes.mp4", "mimeType": "video/mp4", "buffer": b"no video"}
    )
    await _start(page)
    await expect(page.locator("#publish-error")).to_contain_text("This browser cannot play notes.mp4.")


@pytest.mark.parametrize(
    ("kind", "fault", "words"),
    [
        ("Camera", "NotAllowedError", "The camera was refused. Allow it for this page"),
        ("Camera", "NotFoundError", "No camera was found."),
        ("Camera", "NotReadableError", "in use by another program"),
        ("Screen or window", "NotAllowedError", "Sharing the screen was refused."),
        ("Camera", "SomeNewError", "It could not be opened: no"),
    ],
)
async def test_refusals_say_what_to_do(tab: Tab, served: Served, kind: str, fault: str, words: str) -> None:
    page = await opened(tab, served.url, "#/publish")
    await page.evaluate(_REFUSE, fault)
    await page.get_by_role("radio", name=kind).check()
    await _start(page)
    await expect(page.locator("#publish-error")).to_contain_text(words)
    await expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()


async def test_page_without_https_says_so(tab: Tab, served: Served) -> None:
    await tab.page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
    page = await opened(tab, served.url, "#/publish")
    await _start(page)
    await expect(page.locator("#publish-error")).to_contain_text("only to pages opened over HTTPS, or at localhost")


async def test_no_path_for_the_picture_is_told(tab: Tab, served: Served) -> None:
    await tab.page.add_init_script("""
      Object.defineProperty(RTCPeerConnection.prototype, "connectionState", { get: () => "failed" });
      RTCPeerConnection.prototype.setRemoteDescription = async function () {
        this.onconnectionstatechange();
      };
    """)
    page = await opened(tab, served.url, "#/publish")
    await _start(page)
    await expect(page.locator("#publish-error")).to_contain_text("No path to the service was found")


async def test_name_in_use_is_told_so(tab: Tab, start_service: StartService, http_server: HttpServer) -> None:
    service = start_service("--workers", "1")
    taken = {"url": http_server.url("/silent"), "name": "desk"}
    service.request("POST", "/v1/streams", taken)
    page = await opened(tab, service.url, "#/publish")
    await page.get_by_label("Name of the stream").fill("")
    await _start(page)
    await expect(page.locator("#publish-name-error")).to_have_text("Give the stream a name.")
    await page.get_by_label("Name of the stream").fill("desk")
    await _start(page)
    _, problem = service.request("POST", "/v1/streams", taken)
    await expect(page.locator("#publish-error")).to_have_text(problem["detail"], timeout=SOON_MS)
