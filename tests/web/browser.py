"""Debian's Chromium, driven by Playwright, with a camera that it makes up and a note of what it complains about."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from playwright.async_api import Browser, ConsoleMessage, Error, Page, async_playwright

from tests.servers.needs import need_program

Theme = Literal["dark", "light"]
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


class Tab:
    """A page and what went wrong in it: `complaints` has console errors, CSP reports among them, and exceptions."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        """Address of each request, in order."""
        page.on("console", self._on_console)
        page.on("pageerror", self._on_error)
        page.on("request", lambda request: self.requests.append(request.url))

    def _on_console(self, message: ConsoleMessage) -> None:
        # A stream may end while its picture is on the way: Chromium reports the 404, and the page takes it calmly.
        gone = message.location["url"].endswith("/preview.jpg") and "404" in message.text
        if message.type in ("error", "warning") and not gone:
            self.complaints.append(message.text)

    def _on_error(self, error: Error) -> None:
        self.complaints.append(str(error))


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser without a window. Skips where there is no Chromium."""
    path = need_program("chromium", "chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=_FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


async def new_tab(
    browser: Browser,
    *,
    width_px: int = 1280,
    height_px: int = 720,
    bypass_csp: bool = False,
    theme: Theme = "dark",
    zone: str | None = None,
) -> Tab:
    """A fresh tab with storage and permissions of its own. `zone` is its clock's, else the machine's."""
    context = await browser.new_context(
        viewport={"width": width_px, "height": height_px},
        color_scheme=theme,
        bypass_csp=bypass_csp,
        timezone_id=zone,
    )
    return Tab(await context.new_page())
