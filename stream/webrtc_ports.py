"""Confines WebRTC to a range of UDP ports.

aioice binds each of its sockets through the running loop, to port 0, and has no setting for it. A worker's loop is
ours, so that is where a port of the range is put in place of 0; nothing private of aioice is touched.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Any, TypeVar

_Protocol = TypeVar("_Protocol", bound=asyncio.BaseProtocol)


class MediaLoop(asyncio.SelectorEventLoop):
    """A worker's event loop. `ports`, first and last, is where UDP sockets without a port of their own are bound."""

    ports: tuple[int, int] | None = None

    async def create_datagram_endpoint(  # type: ignore[override]
        self,
        protocol_factory: Callable[[], _Protocol],
        local_addr: tuple[str, int] | None = None,
        remote_addr: tuple[str, int] | None = None,
        **options: Any,
    ) -> tuple[asyncio.DatagramTransport, _Protocol]:
        """As asyncio's. Raises `OSError` when every port of the range is taken."""
        candidates = [local_addr]
        if self.ports is not None and remote_addr is None and local_addr is not None and local_addr[1] == 0:
            candidates = [(local_addr[0], port) for port in _shuffled(self.ports)]
        refused: OSError | None = None
        for address in candidates:
            try:
                return await super().create_datagram_endpoint(protocol_factory, address, remote_addr, **options)
            except OSError as error:
                refused = error
        assert refused is not None, "there is at least one port"
        raise refused


def _shuffled(ports: tuple[int, int]) -> list[int]:
    """From a chance place on, so that workers seldom try the same one first."""
    first, last = ports
    start = random.randint(first, last)  # noqa: S311  a port is no secret
    return [*range(start, last + 1), *range(first, start)]
