"""Webhooks over HTTP, and streams to be told of."""

import asyncio
from collections.abc import Callable
from typing import Any

from tests.servers.receiver import Got, Receiver
from tests.web.fakes import FakeSource
from tests.web.serving import Served

LOOPBACK = ("127.0.0.0/8",)


USUAL = ["gore.incident", "media.failed", "media.finished", "media.resumed", "media.stalled", "media.started"]


async def call(served: Served, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
    async with served.http.request(method, path, json=body, headers=headers) as response:
        return response.status, await response.json() if response.content_length else None


async def add(served: Served, url: str, **more: object) -> dict[str, Any]:
    status, made = await call(served, "POST", "/v1/webhooks", {"url": url, **more})
    assert status == 201, made
    assert isinstance(made, dict)
    return made


async def arrived(receiver: Receiver, path: str, count: int = 1) -> list[Got]:
    return await asyncio.to_thread(receiver.wait, path, count)


async def incident(source: FakeSource) -> None:
    """A media that begins and has an incident."""
    source.live()
    for number in range(4):
        source.sample(number * 0.5, 0.9)


async def played(served: Served, index: int = 0, **body: object) -> dict[str, Any]:
    """A stream with an incident that has ended."""
    stream = await served.add(**body)
    source = await served.pool.source(index)
    await incident(source)
    await served.until(f"/v1/streams/{stream['id']}", lambda now: now["samples"] == 4)
    source.end()
    await served.until(f"/v1/streams/{stream['id']}", lambda now: now["state"] == "ended")
    return stream


async def failed(served: Served, count: int = 1, *, where: Callable[[Any], bool] = bool) -> list[dict[str, Any]]:
    """The dead letters, once there are so many."""

    def enough(answer: dict[str, Any]) -> bool:
        return len([one for one in answer["callbacks"] if where(one)]) >= count

    answer = await served.until("/v1/callbacks?state=failed", enough)
    return [one for one in answer["callbacks"] if where(one)]
