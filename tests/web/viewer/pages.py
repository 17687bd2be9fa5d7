"""Opening the viewer's pages, and the sockets between them and the service."""

import asyncio

from playwright.async_api import Page, WebSocketRoute, expect

from tests.until import until
from tests.web.browser import SOON_S, Tab

_NOTE = """
  window.noted = new Set();
  const note = ({ target }) => noted.add(target.textContent ?? "");
  new MutationObserver((changes) => changes.forEach(note))
    .observe(document, { subtree: true, childList: true, characterData: true });
"""
_NOT_NOTED = "(wanted) => wanted.filter((text) => ![...noted].some((one) => one.includes(text)))"


async def opened(tab: Tab, url: str, fragment: str = "#/") -> Page:
    """The page of this hash, once it is connected."""
    await tab.page.goto(f"{url.rstrip('/')}/{fragment}")
    await expect(tab.page.locator("#link")).to_have_text("Connected")
    return tab.page


async def note_texts(page: Page) -> None:
    """Let the page itself note every text that it comes to show: what is there for a moment only is not missed."""
    await page.add_init_script(_NOTE)


async def noted(page: Page, *wanted: str) -> None:
    """Wait until each of these was there at some time, wherever on the page."""

    async def all_were() -> bool:
        return not await page.evaluate(_NOT_NOTED, wanted)

    await until(all_were, every_s=0.05)


class Sockets:
    """The event sockets of a page, which a test may cut; while `refused` is set no new one gets through."""

    def __init__(self) -> None:
        self.refused = False
        self._code = 4000
        self.routes: list[WebSocketRoute] = []
        self.received = 0
        """Messages of the service's that reached the page."""
        self._more = asyncio.Event()

    async def between(self, page: Page) -> None:
        await page.route_web_socket(lambda url: "/v1/events" in url, self._on_socket)

    async def until(self, received: int) -> None:
        """Wait until so many messages came."""
        async with asyncio.timeout(SOON_S):
            while self.received < received:
                self._more.clear()
                await self._more.wait()

    async def cut(self, code: int = 4000) -> None:
        """Close the newest with this code, and refuse those that come next with it."""
        self.refused, self._code = True, code
        await self.routes[-1].close(code=code)

    async def _on_socket(self, route: WebSocketRoute) -> None:
        if self.refused:
            await route.close(code=self._code)
            return
        self.routes.append(route)
        server = route.connect_to_server()

        def passed_on(message: str | bytes) -> None:
            self.received += 1
            self._more.set()
            route.send(message)

        server.on_message(passed_on)
