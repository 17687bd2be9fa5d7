"""A real HTTP server in front of fakes."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.servers.stores import new_store
from tests.web.described import tracing
from tests.web.fakes import FakePool, FakeScorer
from web.access.access import Access, open_access
from web.access.hashing import hashed, new_secret, new_user
from web.access.scopes import USUAL, Scope
from web.api.parts import Detector
from web.cluster.hosting.hosts import HostedEngine, Hosts
from web.delivery.hub import Hub
from web.delivery.journal import Journal
from web.engine import LocalEngine
from web.front import front
from web.registry import Registry
from web.settings import Settings
from web.store import keys
from web.store.keys import Key
from web.store.store import Store, open_store

WITHIN_S = 30.0
DETECTOR = Detector("gore-lite1", "1", "cpu", "fp32", heat_px=(224, 224))


class _Pauses:
    """Between questions: short at first, and longer where the answer takes its time."""

    def __init__(self) -> None:
        self._next_s = 0.005

    async def one(self) -> None:
        await asyncio.sleep(self._next_s)
        self._next_s = min(1.5 * self._next_s, 0.1)


@dataclass(frozen=True, slots=True)
class Served:
    url: str
    pool: FakePool
    registry: Registry
    hub: Hub
    http: aiohttp.ClientSession
    store: Store
    access: Access

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
        pauses = _Pauses()
        async with asyncio.timeout(WITHIN_S):
            while True:
                answer = await self.get(path)
                if condition(answer):
                    return answer
                await pauses.one()

    async def until_metric(self, name: str, value: float) -> None:
        """Ask for the metrics until this one, which may have labels, has that value."""
        pauses = _Pauses()
        async with asyncio.timeout(WITHIN_S):
            while True:
                async with self.http.get("/metrics") as response:
                    lines = (await response.text()).splitlines()
                if f"{name} {value}" in lines:
                    return
                await pauses.one()

    async def look_again(self) -> None:
        """Wait until the service has looked at its keys once more, as it does by itself."""
        looked = asyncio.Event()
        with self.access.watching(looked.set):
            await asyncio.wait_for(looked.wait(), WITHIN_S)


def settings_of(**values: object) -> Settings:
    """Settings of a test: loopback, a free port, nothing of the environment.

    A second service in the same home begins without the streams of the first, unless the test is about that (`resume`).
    """
    return Settings.model_validate({"port": 0, "resume": False, **values})


@asynccontextmanager
async def parts_of_a_service(home: Path | None = None) -> AsyncIterator[tuple[Store, Access]]:
    """What `front` needs beside its fakes: a store in a file of its own, in `home` if given, and access by its keys."""
    # Who is cancelled in the middle of a query leaves its end to the thread of that connection, which may close it,
    # and with it SQLite's files beside the store, a moment after the store itself is closed.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) if home is None else nullcontext(home) as folder:
        async with open_store(new_store(Path(folder) / "gorewatch.db")) as store, open_access(store) as access:
            yield store, access


@asynccontextmanager
async def serving(
    *,
    keyed: bool = False,
    journal: Journal | None = None,
    home: Path | None = None,
    detector: Detector = DETECTOR,
    hosts: Hosts | None = None,
    **values: object,
) -> AsyncIterator[Served]:
    """With `keyed` there is a key, which `http` uses; otherwise none was made yet. Its answers are as described.

    `home` is a folder for the store and the files of the service, which a later one may go on with. Streams are
    watched by `hosts`, if given.
    """
    pool = FakePool()
    with tempfile.TemporaryDirectory() if home is None else nullcontext(home) as data_dir:
        settings = settings_of(data_dir=data_dir, **values)
        async with _serving(
            settings, pool, keyed=keyed, journal=journal, home=home, detector=detector, hosts=hosts
        ) as served:
            yield served


@asynccontextmanager
async def _serving(
    settings: Settings,
    pool: FakePool,
    *,
    keyed: bool,
    journal: Journal | None,
    home: Path | None,
    detector: Detector,
    hosts: Hosts | None,
) -> AsyncIterator[Served]:
    here = LocalEngine(pool, FakeScorer())
    async with (
        parts_of_a_service(home) as (store, access),
        front(
            settings,
            store=store,
            access=access,
            pool=pool,
            scorer=FakeScorer(),
            detector=detector,
            engine=here if hosts is None else HostedEngine(here, hosts),
            hosts=hosts,
            journal=journal,
        ) as running,
    ):
        headers = bearer(await new_key(store)) if keyed else {}
        if keyed:
            await access.refresh()
        async with aiohttp.ClientSession(running.url, headers=headers, trace_configs=[tracing()]) as http:
            yield Served(running.url, pool, running.registry, running.hub, http, store, access)


async def new_key(
    store: Store, *scopes: Scope, name: str = "", rate: float | None = None, jobs: int | None = None
) -> str:
    """Make a key, of the usual scopes if none are given: `api_user:api_secret`."""
    user, secret = new_user(), new_secret()
    key = Key(
        id=user,
        name=name,
        secret_hash=hashed(secret),
        scopes=scopes or USUAL,
        rate_per_s=rate,
        max_jobs=jobs,
        created_s=time.time(),
    )
    async with store.writing() as tx:
        await keys.add(tx, key)
    return f"{user}:{secret}"


def bearer(credentials: str) -> dict[str, str]:
    """The header that shows them."""
    return {"Authorization": f"Bearer {credentials}"}
