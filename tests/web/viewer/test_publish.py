"""Publishing from the browser: camera, screen and file, and what stands in the way of each."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.media import Clips
from tests.servers.service import Service, running_service
from tests.web.browser import Tab
from tests.web.serving import Served
from tests.web.viewer.pages import opened

pytestmark = pytest.mark.browser

_REFUSE = """(name) => {
  const refuse = () => Promise.reject(new DOMException("no", name));
  navigator.mediaDevices.getUserMedia = navigator.mediaDevices.getDisplayMedia = refuse;
}"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("service"), "--workers", "1") as started:
        yield started


async def _start(page: Page) -> None:
    await page.get_by_role("button", name="Start", exact=True).click()


async def _until_ended(service: Service, name: str) -> None:
    def ended(answer: dict[str, Any]) -> bool:
        return [one["state"] for one in answer["streams"] if one["name"] == name] == ["ended"]

    await asyncio.to_thread(service.wait_for, "/v1/streams", ended)


async def test_camera_is_published_scored_and_stopped(tab: Tab, service: Service) -> None:
    page = await opened(tab, service.url, "#/publish")
    await page.get_by_label("Name of the stream").fill("desk")
    await _start(page)
    await expect(page.locator("#publish-status")).to_have_text("On the air.")
    await expect(page.locator("video")).to_be_visible()
    await expect(page.locator("#publish-prob")).to_have_text(re.compile(r"^[01]\.\d{3}$"))
    await expect(page.get_by_label("Camera", exact=True).locator("option")).not_to_have_count(1)

    await page.get_by_role("link", name="Wall").click()
    await expect(page.locator(".tile", has_text="desk").locator("img")).to_be_visible()
    await page.get_by_role("link", name="On the air: desk").click()
    await page.get_by_role("button", name="Stop", exact=True).click()
    await expect(page.locator("#publish-status")).to_have_text("Not publishing.")
    await expect(page.locator("video")).to_be_hidden()
    await _until_ended(service, "desk")
    assert tab.complaints == []


async def test_video_file_is_published_to_its_end(tab: Tab, service: Service, clips: Clips) -> None:
    page = await opened(tab, service.url, "#/publish")
    await page.get_by_role("radio", name="Video file").check()
    await page.get_by_label("Name of the stream").fill("file")
    await _start(page)
    await expect(page.locator("#publish-error")).to_have_text("Choose a video file first.")
    await page.locator("#publish-file").set_input_files(clips.mp4)
    await _start(page)
    await expect(page.locator("#publish-status")).to_have_text("On the air.")
    await expect(page.locator("#publish-error")).to_contain_text("the file is over")
    await _until_ended(service, "file")


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


async def test_name_in_use_is_told_so(tab: Tab, served: Served) -> None:
    taken = {"url": "rtsp://camera.example/one", "name": "desk"}
    await served.add(**taken)
    page = await opened(tab, served.url, "#/publish")
    await page.get_by_label("Name of the stream").fill("")
    await _start(page)
    await expect(page.locator("#publish-name-error")).to_have_text("Give the stream a name.")
    await page.get_by_label("Name of the stream").fill("desk")
    await _start(page)
    async with served.http.post("/v1/streams", json=taken) as response:
        problem = await response.json()
    await expect(page.locator("#publish-error")).to_have_text(problem["detail"])
