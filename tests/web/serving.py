"""A real HTTP server in front of fakes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.web.fakes import FakePool, FakeScorer
from web.api.parts import Detector
from web.app import front
from web.delivery.hub import Hub
from web.registry import Registry
from web.settings import Settings

WITHIN_S = 20.0
DETECTOR = Detector("gore-lite1", "1", "cpu", "fp32")


@dataclass(frozen=True, slots=True)
class Served:
    url: str
    pool: FakePool
    registry: Registry
    hub: Hub
    http: aiohttp.ClientSession

    async def add(self, **body: object) -> dict[str, Any]:
        """POST /v1/streams, which must succeed."""
        async with self.http.post("/v1/streams", json={"url": "rtsp://camera.example/one", **body}) as response:
            assert response.status == 201, await response.text()
            answer: dict[str, Any] = await response.json()
            return answer

    async def get(self, path: str) -> dict[str, Any]:
        """GET, which must succeed."""
        async with self.http.get(path) as response:
            assert response.status == 200, await response.text()
            answer: dict[str, Any] = await response.json()
            return answer

    async def until(self, path: str, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Ask again until the answer fulfils the condition."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                answer = await self.get(path)
                if condition(answer):
                    return answer
                await asyncio.sleep(0.005)


def settings_of(**values: object) -> Settings:
    """Settings of a test: loopback, a free port, nothing of the environment."""
    return Settings.model_validate({"port": 0, **values})


@asynccontextmanager
async def serving(token: str | None = None, **values: object) -> AsyncIterator[Served]:
    pool = FakePool()
    settings = settings_of(token=token, **values)
    async with front(settings, pool=pool, scorer=FakeScorer(), detector=DETECTOR) as running:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession(running.url, headers=headers) as http:
            yield Served(running.url, pool, running.registry, running.hub, http)
