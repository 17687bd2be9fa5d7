"""What the benchmarks of the whole service start: the service and its publishers, each in processes of its own."""

import asyncio
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psutil
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from pydantic import BaseModel, TypeAdapter

from ..commands.common import CommandError

_PREFIX = "GOREWATCH_"
_OF_THE_DETECTOR = frozenset({"GOREWATCH_MODEL", "GOREWATCH_PROVIDER", "GOREWATCH_VARIANT", "GOREWATCH_WORKERS"})
_READY = re.compile(r"gorewatch is ready: open (http://\S+?)/? in a browser")
_PORT = re.compile(r"^([0-9]+)$", re.MULTILINE)
_START_TIMEOUT_S = 120.0
_STOP_TIMEOUT_S = 30.0
_COME_UP_S = 120.0
_PAUSE_S = 0.5
_READ_BYTES = 4096
_REQUEST = aiohttp.ClientTimeout(total=30.0)


@dataclass(frozen=True, slots=True)
class Publishers:
    """One process that is as many live streams as there are clients."""

    url: str
    pid: int


@contextmanager
def publishers(path: Path, *, gop_s: float) -> Iterator[Publishers]:
    """Serve an MPEG-TS file, paced, while the block lasts. Raises `CommandError`."""
    command = [sys.executable, "-m", "web.bench.paced", str(path), str(gop_s)]
    with started(command, _PORT, os.environ, path.with_suffix(".log")) as (process, port):
        yield Publishers(f"http://127.0.0.1:{port}/live.ts", process.pid)


@dataclass(frozen=True, slots=True)
class Running:
    """A service that takes requests."""

    url: str
    pid: int

    def pids(self) -> list[int]:
        """Of the service and of its workers."""
        return [self.pid, *(child.pid for child in psutil.Process(self.pid).children(recursive=True))]


@contextmanager
def running_service(
    folder: Path, *, max_streams: int, more: Mapping[str, str] | None = None, port: int = 0, module: str = "web"
) -> Iterator[Running]:
    """`gorewatch serve` while the block lasts, with the caller's detector and workers. Raises `CommandError`.

    `more` are variables of settings; port 0 is a free one; `module` is run in place of the command.
    """
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(_PREFIX) or name in _OF_THE_DETECTOR
    }
    settings = {
        "GOREWATCH_DATA_DIR": str(folder),
        "GOREWATCH_EGRESS_ALLOW": "127.0.0.0/8",
        "GOREWATCH_LIMITS__MAX_STREAMS": str(max_streams),
        "GOREWATCH_LOG_LEVEL": "warning",
    }
    command = [sys.executable, "-m", module, "serve", "--port", str(port)]
    with started(command, _READY, kept | settings | dict(more or {}), folder / "service.log") as (process, url):
        yield Running(url, process.pid)


@contextmanager
def started(
    command: list[str], ready: re.Pattern[str], environment: Mapping[str, str], log: Path
) -> "Iterator[tuple[subprocess.Popen[bytes], str]]":
    """A process, and what it says on its output that it is ready with, while the block lasts. Raises `CommandError`."""
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=environment
        )
    try:
        yield process, _first_words(process, ready, log, " ".join(command[1:3]))
    finally:
        _stop(process)


def _first_words(process: "subprocess.Popen[bytes]", ready: re.Pattern[str], log: Path, name: str) -> str:
    assert process.stdout is not None, "it was asked for"
    until_s, said = time.monotonic() + _START_TIMEOUT_S, b""
    while (left_s := until_s - time.monotonic()) > 0.0:
        if not select.select([process.stdout], [], [], left_s)[0]:
            break
        data = os.read(process.stdout.fileno(), _READ_BYTES)
        if not data:
            break
        said += data
        if found := ready.search(said.decode(errors="replace")):
            return found[1]
    words = log.read_text(errors="replace").strip().splitlines()
    raise CommandError(f"{name} did not start: {words[-1] if words else 'it said nothing'}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        assert process.stdout is not None, "it was asked for"
        process.stdout.close()


class Failed(BaseModel):
    message: str


class Counts(BaseModel):
    """Of one stream, as the API gives them."""

    dropped: dict[str, int]
    reconnects: int
    lag: float | None


class Seen(BaseModel):
    """One stream, as the API gives it."""

    id: str
    state: str
    samples: int
    error: Failed | None
    counters: Counts


class _Streams(BaseModel):
    streams: list[Seen]


_STREAMS: TypeAdapter[_Streams] = TypeAdapter(_Streams)
_SEEN: TypeAdapter[Seen] = TypeAdapter(Seen)


class Api:
    """The service's HTTP interface. Every call raises `CommandError` for an answer that is none."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def add(self, url: str, name: str, policy: Mapping[str, object]) -> str:
        """Start a stream; its id."""
        body = {"url": url, "name": name, "policy": dict(policy)}
        return _SEEN.validate_json(await self._asked("POST", "/v1/streams", json=body)).id

    async def streams(self) -> list[Seen]:
        return _STREAMS.validate_json(await self._asked("GET", "/v1/streams")).streams

    async def end(self, stream_id: str) -> None:
        await self._asked("DELETE", f"/v1/streams/{stream_id}")

    async def published(self) -> dict[str, int]:
        """Events since the start, by type."""
        samples = await self._metrics()
        return {one.labels["type"]: int(one.value) for one in samples if one.name == "gorewatch_events_total"}

    async def counts(self, *names: str) -> dict[str, int]:
        """Metrics without labels."""
        return {one.name: int(one.value) for one in await self._metrics() if one.name in names}

    async def _metrics(self) -> list[Sample]:
        text = (await self._asked("GET", "/metrics")).decode()
        return [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    @asynccontextmanager
    async def events(self, *types: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A subscription to some types of event."""
        query = [("type", kind) for kind in types]
        async with self._http.ws_connect("/v1/events", params=query, protocols=("cloudevents.json",)) as socket:
            yield socket

    async def _asked(self, method: str, path: str, json: object = None) -> bytes:
        try:
            async with self._http.request(method, path, json=json) as response:
                body = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise CommandError(
                f"The service gives no answer to {method} {path}: {str(error) or 'time is up'}."
            ) from error
        if response.status >= 400:
            raise CommandError(f"The service refuses {method} {path}: {body.decode(errors='replace')}")
        return body


async def all_scored(api: Api, streams: int) -> None:
    """Wait until every stream has a score. Raises `CommandError` when one does not get there."""
    until_s = time.monotonic() + _COME_UP_S
    while True:
        seen = await api.streams()
        if lost := [stream for stream in seen if stream.error is not None]:
            reason = lost[0].state if lost[0].error is None else lost[0].error.message
            raise CommandError(f"{len(lost)} streams did not come up: {reason}")
        up = sum(stream.samples > 0 for stream in seen)
        if up == streams:
            return
        if time.monotonic() > until_s:
            raise CommandError(f"Only {up} of {streams} streams came up in {_COME_UP_S:g} s; ask for fewer.")
        await asyncio.sleep(_PAUSE_S)


@asynccontextmanager
async def api_of(service: Running) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession(service.url, timeout=_REQUEST) as http:
        yield Api(http)
