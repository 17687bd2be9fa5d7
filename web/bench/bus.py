"""What `benchmarks/bus.py` does: events through NATS and a web node to subscribers, and how long each takes.

The hub that encodes, the log, the recorder into a store of SQLite's and the web node are the real ones, the node in a
process of its own; streams and the service's HTTP are left out.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from inference.events import MediaStalled

from ..cluster.opening import open_bus
from ..delivery.hub import Hub, open_hub
from ..settings import Settings
from ..store.store import open_store
from .fanout_readers import Readers, readers, stamp
from .measure import quantile_ms, report, say
from .serving import running_service

_LIMIT_MS = 50.0
_STREAMS = 500
_TICK_S = 0.005
_WARM_S = 2.0
_STORED_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of the script."""

    nats: str
    rate: int
    seconds: float
    subscribers: int


def main(asked: Asked) -> bool:
    """Measure and print; whether the limit held. Raises `CommandError` and `StoreError` when it could not run."""
    return asyncio.run(_measured(asked))


async def _measured(asked: Asked) -> bool:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        values = {"bus": asked.nats, "store": f"sqlite:///{folder}/gorewatch.db", "data_dir": folder}
        settings = Settings.model_validate(values)
        async with (
            open_store(settings.store_url) as store,
            open_bus(settings, store, describe=lambda _: None, along=[]) as bus,
            _somebody() as upstream,
        ):
            assert bus is not None, "the address is one of NATS"
            async with open_hub(history_events=1000, queue_limit=1000, log=bus.log) as hub:
                say("a web node …")
                more = {
                    "GOREWATCH_BUS": asked.nats,
                    "GOREWATCH_STORE": settings.store_url,
                    "GOREWATCH_UPSTREAM": upstream,
                }
                arrived = await _through(asked, hub, folder, more)
                behind = hub.last - bus.recorder.number
                await bus.recorder.reached(bus.log.written, within_s=_STORED_S)
    held = arrived["p99_ms"] <= _LIMIT_MS
    report("bus", {"held": held, **arrived, "p99_ms_limit": _LIMIT_MS, "store_behind": behind})
    return held


async def _through(asked: Asked, hub: Hub, folder: Path, more: Mapping[str, str]) -> dict[str, float]:
    with running_service(folder, max_streams=1, more=more) as node:
        port = urlsplit(node.url).port
        assert port is not None, "the service says it"
        async with readers(port, "/v1/events", asked.subscribers) as there:
            say(f"{asked.rate} events a second to {asked.subscribers} subscribers, for {asked.seconds:g} s …")
            # The first ones find everything colder.
            await _publish(asked.rate, _WARM_S, hub)
            await there.until(1)
            await there.reset()
            sent = await _publish(asked.rate, asked.seconds, hub)
            return await _arrived(there, sent)


async def _publish(rate: int, seconds: float, hub: Hub) -> int:
    """That many a second, evenly; how many there were."""
    began_s, sent = time.monotonic(), 0
    while (now_s := time.monotonic()) < began_s + seconds:
        for number in range(sent, int((now_s - began_s) * rate)):
            place = number % _STREAMS
            hub.publish(f"str_bench{place}", f"med_bench{place}", MediaStalled(stamp(time.monotonic())))
            sent += 1
        await asyncio.sleep(_TICK_S)
    return sent


async def _arrived(there: Readers, sent: int) -> dict[str, float]:
    found = await there.until(sent * there.count)
    return {
        "p50_ms": quantile_ms([found.p50_s], 0.5) or 0.0,
        "p99_ms": quantile_ms([found.p99_s], 0.5) or 0.0,
        "events": sent,
        "subscribers": there.count,
    }


@asynccontextmanager
async def _somebody() -> AsyncIterator[str]:
    """The address of what stands for the service, which nobody asks for anything here."""
    runner = web.AppRunner(web.Application())
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
