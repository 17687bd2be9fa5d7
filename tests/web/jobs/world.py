"""Jobs over a real store, with sources and a clock of the test's."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from inference.policy import Policy
from stream.address import parse
from stream.sample import SourceInfo
from tests.web.fakes import FakeKeeping, FakePool, FakeScorer
from web.delivery.delivery import Style
from web.engine import LocalEngine
from web.jobs.folder import MediaFolder
from web.jobs.jobs import Jobs, Wanted
from web.recording.standing import Standing
from web.registry import Registry
from web.store import deliveries, jobs
from web.store.job import Job
from web.store.store import Store
from web.terms import Terms

_WITHIN_S = 20.0


START_S = 1_700_000_000.0


STORED = SourceInfo(codec="h264", width=640, height=360, fps=30.0, live=False, duration_s=8.0)


class World:
    """Jobs over a store, with sources of the test's and its time."""

    def __init__(self, store: Store, folder: MediaFolder) -> None:
        self.store = store
        self.folder = folder
        self.now_s = START_S

    @asynccontextmanager
    async def running(self) -> AsyncIterator[tuple[Jobs, FakePool]]:
        pool = FakePool()
        registry = Registry(
            engine=LocalEngine(pool, FakeScorer()),
            publish=lambda *_: None,
            keeping=FakeKeeping(),
            standing=Standing(self.store, keeps=False),
            max_streams=10,
            max_publishers=10,
            terms=Terms(egress_allow=(), decode_errors_per_min=600, decoder="cpu"),
        )
        running = Jobs(
            store=self.store,
            registry=registry,
            folder=self.folder,
            policy=Policy(reconnect_for=0.0),
            max_jobs=10,
            owed=lambda: None,
            clock=lambda: self.now_s,
        )
        await running.resume()
        try:
            yield running, pool
        finally:
            await running.aclose()
            await registry.aclose()

    async def until(self, job_id: str, condition: Callable[[Job], bool]) -> Job:
        async with asyncio.timeout(_WITHIN_S):
            while True:
                async with self.store.reading() as tx:
                    job = await jobs.find(tx, job_id)
                assert job is not None
                if condition(job):
                    return job
                await asyncio.sleep(0.01)

    async def gone(self, job_id: str) -> None:
        """Wait until the file of a job is no longer there."""
        async with asyncio.timeout(_WITHIN_S):
            while True:
                if not self.folder.path(job_id).exists():
                    return
                await asyncio.sleep(0.01)

    async def frames(self, job_id: str) -> list[tuple[int, int]]:
        async with self.store.reading() as tx:
            return [(frame.number, frame.position_ms) for frame in await jobs.frames(tx, job_id)]

    async def statuses(self, job_id: str) -> list[str]:
        """Of the callbacks that are owed, in order."""
        async with self.store.reading() as tx:
            owed = [
                callback
                for callback in await deliveries.listed(tx, styles=tuple(Style), limit=100)
                if callback.job_id == job_id
            ]
        return [
            str(json.loads(callback.body)["data"]["status"])
            for callback in sorted(owed, key=lambda callback: callback.number)
        ]


def wanted(source: str | Path = "http://x.example/v.mp4", **changes: Any) -> Wanted:
    values: dict[str, Any] = {
        "uri": "v.mp4",
        "source": parse(source) if isinstance(source, str) else source,
        "models": ("gore",),
        "interval_s": 1.0,
        "max_duration_s": 1800.0,
        "callback_url": "http://hook.example/",
        "idempotency_key": None,
    }
    return Wanted(**values | changes)
