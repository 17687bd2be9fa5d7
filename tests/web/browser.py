"""Debian's Chromium, driven by Playwright, with a camera that it makes up and a note of what it complains about."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from playwright.async_api import Browser, ConsoleMessage, Error, Page, async_playwright, expect

from tests.servers.needs import find_program, need_program

SOON_S = 30.0
"""For whatever a test waits for: far more than it takes, as a machine may be busy with something else."""
expect.set_options(timeout=SOON_S * 1000)

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


class SharedBrowser:
    """One browser for many tests: started when it is first asked for, and once more where it has died."""

    def __init__(self) -> None:
        self._open = AsyncExitStack()
        self._browser: Browser | None = None

    async def ready(self) -> Browser:
        """The browser, which answers."""
        if self._browser is None or not await _answers(self._browser):
            await self.aclose()
            self._browser = await self._open.enter_async_context(_chromium())
        return self._browser

    async def aclose(self) -> None:
        self._browser = None
        with suppress(Error):
            await self._open.aclose()


async def new_tab(
    browser: Browser,
    *,
    width_px: int = 1280,
    height_px: int = 720,
    bypass_csp: bool = False,
    zone: str | None = None,
) -> Tab:
    """A fresh tab with storage and permissions of its own. `zone` is its clock's, else the machine's."""
    context = await browser.new_context(
        viewport={"width": width_px, "height": height_px},
        color_scheme="dark",
        bypass_csp=bypass_csp,
        timezone_id=zone,
    )
    return Tab(await context.new_page())


@asynccontextmanager
async def _chromium() -> AsyncIterator[Browser]:
    """A browser without a window. Skips where there is no Chromium."""
    # The one that is made for this needs a third of what the other does, which draws a window that nobody sees.
    path = find_program("chromium-headless-shell") or need_program("chromium", "chromium-headless-shell")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=_FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


async def _answers(browser: Browser) -> bool:
    """Whether it, and the driver before it, still do as they are told."""
    try:
        async with asyncio.timeout(SOON_S):
            await (await browser.new_context()).close()
    except (Error, TimeoutError):
        return False
    return True
