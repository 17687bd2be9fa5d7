"""Posts to an address that a user named: only where media may come from too, and only to the IP that was checked."""

import asyncio
import socket
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from stream.address import for_wire, parse
from stream.egress import Resolve, reachable
from stream.errors import AddressInvalid, AddressRefused, HostUnknown, SourceError, SourceTimeout
from stream.options import SourceOptions

_RESOLVE_TIMEOUT_S = 3.0
_TIMEOUT_S = 10.0
_HEADERS = {"Content-Type": "application/json", "User-Agent": "gorewatch"}


class NotPosted(Exception):
    """It did not arrive, or was not answered with a 2xx. `str()` says why, in words of ours."""

    def __init__(
        self, message: str, *, hopeless: bool = False, status: int | None = None, retry_after: str | None = None
    ) -> None:
        super().__init__(message)
        self.hopeless = hopeless
        """No later attempt can do better."""
        self.status = status
        """What it was answered with, None if it was not."""
        self.retry_after = retry_after
        """The header of that name."""


class Poster:
    """Follows no redirect, and needs nothing of the answer but its status and when to come again."""

    def __init__(
        self,
        *,
        egress_allow: tuple[str, ...],
        resolve: Resolve | None = None,
        timeout_s: float = _TIMEOUT_S,
        threads: Executor | None = None,
    ) -> None:
        """`egress_allow`: networks in CIDR form that may be reached although they are not public.

        `threads` are where names are resolved, so many at once as there are of them; by default those of the loop.
        """
        self._threads = threads
        self._options = SourceOptions(egress_allow=egress_allow)
        self._resolve = resolve
        self._timeout_s = timeout_s

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """`headers` come before those of the poster. Raises `NotPosted`, also when it takes over ten seconds in all."""
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._post(url, body, headers)
        except TimeoutError as error:
            raise NotPosted(f"There was no answer within {self._timeout_s:g} s.") from error
        except SourceError as error:
            hopeless = isinstance(error, AddressInvalid | AddressRefused)
            raise NotPosted(_REASONS.get(error.code, "The address cannot be reached."), hopeless=hopeless) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NotPosted("The connection failed or broke.") from error

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        address = for_wire(parse(url))
        host = address.host or ""
        ips = await asyncio.get_running_loop().run_in_executor(
            self._threads, reachable, host, self._options, _RESOLVE_TIMEOUT_S, self._resolve
        )
        connector = aiohttp.TCPConnector(resolver=_Pinned(ips), use_dns_cache=False, force_close=True)
        async with (
            aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.post(
                URL(address.url, encoded=True),
                data=body,
                headers={**_HEADERS, **headers},
                allow_redirects=False,
            ) as response,
        ):
            if not 200 <= response.status < 300:
                raise NotPosted(
                    f"It was answered with {response.status}.",
                    status=response.status,
                    retry_after=response.headers.get("Retry-After"),
                )


class _Pinned(AbstractResolver):
    """Answers with the addresses that were checked, whatever is asked."""

    def __init__(self, ips: Sequence[str]) -> None:
        self._ips = ips

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        del family
        return [
            ResolveResult(
                hostname=host,
                host=ip,
                port=port,
                family=socket.AF_INET6 if ":" in ip else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for ip in self._ips
        ]

    async def close(self) -> None:
        """It holds nothing."""


_REASONS = {
    AddressInvalid.code: "The address cannot be used.",
    AddressRefused.code: "The address is not on the public internet.",
    HostUnknown.code: "The host of the address is unknown.",
    SourceTimeout.code: "The host of the address was not resolved in time.",
}
