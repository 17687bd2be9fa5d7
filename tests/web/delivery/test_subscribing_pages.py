"""The pages of `docs/subscribing.md` do as they say, on somebody else's site: over a restart, and loaded again."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Self

import pytest
from aiohttp import web
from playwright.async_api import expect

from tests.servers.ports import free_port
from tests.web.api.compat.samples import BASE, samples
from tests.web.browser import Tab
from tests.web.serving import Served, bearer, new_key, serving
from tests.web.viewer.incidents import flagged

pytestmark = pytest.mark.browser


class Watched:
    """A service with a key, which can be restarted: it then knows what it knew."""

    def __init__(self, home: Path, origin: str) -> None:
        self._serving = partial(serving, home=home, port=free_port(), allowed_origins=[origin])
        self._running = AsyncExitStack()
        self._key = ""
        self.served: Served

    async def __aenter__(self) -> Self:
        self.served = await self._running.enter_async_context(self._serving())
        if not self._key:
            self._key = await new_key(self.served.store)
            await self.served.access.refresh()
        self.served.http.headers.update(bearer(self._key))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._running.aclose()

    async def restart(self) -> None:
        await self._running.aclose()
        await self.__aenter__()

    def led(self, code: str) -> str:
        """A sample, led to this service."""
        for scheme in ("http", "ws"):
            code = code.replace(BASE.replace("http", scheme), self.served.url.replace("http", scheme))
        return code

    async def incident(self) -> str:
        """Make one that starts and ends; the path of its stream."""
        number = len(self.served.pool.sources)
        stream = await self.served.add(policy={"window": 0.001, "cooldown": 1.0})
        source = await self.served.pool.source(number)
        source.live()
        flagged(source, 1.0)
        return f"/v1/streams/{stream['id']}"


@asynccontextmanager
async def _pages(port: int, watched: Watched, sample: str) -> AsyncIterator[str]:
    """Somebody's web server, with a page, and tokens for whoever sees it; its address."""

    async def show(_: web.Request) -> web.Response:
        return web.Response(text=watched.led(sample), content_type="text/html")

    async def token(_: web.Request) -> web.Response:
        wanted = {"scope": "events", "expires_s": 600}
        async with watched.served.http.post("/v1/tokens", json=wanted) as answer:
            return web.json_response(await answer.json(), status=answer.status)

    async def icon(_: web.Request) -> web.Response:
        return web.Response(status=204)

    app = web.Application()
    app.router.add_get("/", show)
    app.router.add_get("/favicon.ico", icon)
    app.router.add_get("/events-token", token)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("heading", ["JavaScript in a browser", "Server-sent events"])
async def test_a_page_of_another_site_shows_incidents_over_a_restart_and_a_reload(
    heading: str, tab: Tab, tmp_path: Path
) -> None:
    port = free_port()
    sample = samples("subscribing.md", heading)["html"][0]
    told = tab.page.get_by_role("listitem")
    async with Watched(tmp_path, f"http://127.0.0.1:{port}") as watched, _pages(port, watched, sample) as url:
        await tab.page.goto(url)
        await watched.served.until_metric("gorewatch_subscribers", 1.0)
        first = await watched.incident()
        await expect(told.filter(has_text=f"started {first}")).to_have_count(1)
        await expect(told.filter(has_text=f"ended {first}")).to_have_count(1)
        assert tab.complaints == []
        await watched.restart()
        await watched.served.until_metric("gorewatch_subscribers", 1.0)
        second = await watched.incident()
        await expect(told.filter(has_text=f"ended {second}")).to_have_count(1)
        await tab.page.goto("about:blank")
        third = await watched.incident()
        await tab.page.goto(url)
        await expect(told.filter(has_text=f"ended {third}")).to_have_count(1)
        await expect(told.filter(has_text=second)).to_have_count(0)
