"""Calls of a service that runs, for the commands that need its answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar
from urllib.parse import quote, urlsplit

import aiohttp
from pydantic import TypeAdapter, ValidationError

from .common import CommandError

T = TypeVar("T")

_TIMEOUT = aiohttp.ClientTimeout(total=20.0)


class Asking:
    """A service at an address."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = url

    async def answer(self, shape: TypeAdapter[T], method: str, *path: str) -> T:
        """What it answers; `path` in its parts. Raises `CommandError` where it refuses, or is none of ours."""
        status, body = await self._asked(method, "/".join((self._url, *(quote(part, safe="") for part in path))))
        if status in (401, 403):
            hint = "give the API_USER:API_SECRET of a key with the scope admin with --token"
            raise CommandError(f"The service refuses access ({status}); {hint}.")
        if status >= 400:
            detail = body.get("detail") if isinstance(body, dict) else None
            raise CommandError(f"The service answers {status}: {detail or 'is it a gorewatch service with hosts?'}")
        try:
            return shape.validate_python(body)
        except ValidationError as error:
            raise CommandError(f"What answers at {self._url} is no gorewatch service with hosts.") from error

    async def _asked(self, method: str, url: str) -> tuple[int, object]:
        """Status and body, None where that is no JSON."""
        try:
            async with self._http.request(method, url, allow_redirects=False) as response:
                return response.status, await response.json() if response.content_type.endswith("json") else None
        except ValueError:
            return response.status, None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            reason = " ".join(str(error).split()) or "no answer in time"
            raise CommandError(f"The service at {self._url} cannot be reached ({reason}); is it running?") from error


@asynccontextmanager
async def asking(url: str, token: str | None) -> AsyncIterator[Asking]:
    """Raises `CommandError` for an address that is none of a web server."""
    if not _is_usable(url):
        raise CommandError(f"The address {url!r} is none of a service; give one such as http://127.0.0.1:8080.")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with aiohttp.ClientSession(headers=headers, timeout=_TIMEOUT) as http:
        yield Asking(http, url.rstrip("/"))


def _is_usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
