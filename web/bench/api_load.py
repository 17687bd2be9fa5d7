"""Uploads to `/1.0`, encoded once and sent again and again, and what the service holds meanwhile."""

import asyncio
import io
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from ..commands.common import CommandError
from .measure import resident_mb

_BOUNDARY = "gorewatch-bench-gorewatch-bench"
_FIELDS = {"models": "gore", "api_user": "bench", "api_secret": "bench"}
_LOOK_EVERY_S = 0.002
_MOST_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Upload:
    """A request."""

    path: str
    body: bytes


def upload(path: str, name: str, content: bytes, **fields: str) -> Upload:
    """A file with credentials and the model gore, as multipart."""
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
        for field, value in {**_FIELDS, **fields}.items()
    ]
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="media"; filename="{name}"\r\n\r\n'
    return Upload(path, "".join([*parts, head]).encode() + content + f"\r\n--{_BOUNDARY}--\r\n".encode())


async def send(http: aiohttp.ClientSession, sent: Upload) -> float:
    """Seconds that one took. Raises `CommandError` for one that is not answered with a result."""
    headers = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
    started_s = time.perf_counter()
    try:
        async with http.post(sent.path, data=io.BytesIO(sent.body), headers=headers) as response:
            body = await response.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise CommandError(f"The service gives no answer to {sent.path}: {str(error) or 'time is up'}.") from error
    if response.status != 200:
        raise CommandError(f"The service refuses {sent.path}: {body.decode(errors='replace')[:_MOST_SHOWN]}")
    return time.perf_counter() - started_s


async def repeated(http: aiohttp.ClientSession, sent: Upload, *, times: int, concurrency: int) -> None:
    """So many, never more at once than that."""
    left = iter(range(times))

    async def one_after_the_other() -> None:
        for _ in left:
            await send(http, sent)

    await _together(one_after_the_other, concurrency)


async def per_second(http: aiohttp.ClientSession, sent: Upload, *, seconds: float, concurrency: int) -> float:
    """How many are answered, so many always being on their way."""
    started_s, answered = time.perf_counter(), 0

    async def one_after_the_other() -> None:
        nonlocal answered
        while time.perf_counter() - started_s < seconds:
            await send(http, sent)
            answered += 1

    await _together(one_after_the_other, concurrency)
    return answered / (time.perf_counter() - started_s)


async def _together(work: Callable[[], Coroutine[None, None, None]], concurrency: int) -> None:
    """The first that fails ends them all."""
    tasks = [asyncio.create_task(work()) for _ in range(concurrency)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


@asynccontextmanager
async def highest_mb(pids: Sequence[int]) -> AsyncIterator[list[float]]:
    """What these processes hold, looked at every other millisecond while the block lasts."""
    seen = [resident_mb(pids)]

    async def look() -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            seen.append(resident_mb(pids))

    looking = asyncio.create_task(look())
    try:
        yield seen
    finally:
        looking.cancel()
        await asyncio.wait({looking})
