"""What `benchmarks/arrival.py` does: many streams with incidents, many subscribers, and a service that is restarted.

At the end the log of each subscriber is compared with the store. Streams are the demo's clip over and over, each begun
at a time of its own; the service is ended once in order and once by force.
"""

import asyncio
import json
import os
import random
import signal
import socket
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ..delivery.cloudevents import format_id
from ..demo import DURATION_S, write_demo_clip
from ..recording.journal import StoreJournal
from ..store import incidents, media
from ..store.store import open_store
from .arrival_figures import figures
from .arrival_readers import RESTLESS, SCORE, SLOW, STEADY, Readers, reading
from .clip import repeat
from .measure import report, say
from .serving import Api, Publishers, Running, api_of, publishers, running_service

_GOP_S = 1.0
_SPARE_S = 120.0
_RUNS = 3
_LOOK_EVERY_S = 1.0
_CATCH_UP_S = 120.0
_CHUNK = 10_000
_QUEUE = 50
"""Events that may wait for a subscriber: few, so that a slow one is cut again and again."""
_POLICY = {"fps": 1.0, "adaptive": False, "decode": "keyframes", "event_interval": 2.0}
_COUNTS = {
    "gorewatch_events_replayed_total": "replayed",
    "gorewatch_subscribers_cut_total": "cut",
    "gorewatch_events_merged_total": "merged",
    "gorewatch_events_sent_total": "sent",
}
_KEPT_FIRST = "gorewatch_events_kept_first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of the script."""

    streams: int
    subscribers: int
    slow: int
    restless: int
    seconds: float


@dataclass(slots=True)
class _Course:
    """What happened on the way."""

    counts: "Counter[str]" = field(default_factory=Counter)
    caught_up_s: list[float] = field(default_factory=list)
    """After each restart, until everybody but the slow ones had all that was before it."""
    hasty_looks: int = 0
    """How often events were seen to be sent before they were kept."""


@dataclass(slots=True)
class _Kept:
    """What the store has."""

    kinds: "Counter[str]" = field(default_factory=Counter)
    """How many events of each type."""
    dear: list[int] = field(default_factory=list)
    """The numbers of all but scores."""
    failures: "Counter[str]" = field(default_factory=Counter)
    """Why media failed, by code."""


def main(asked: Asked) -> bool:
    """Run, print one JSON line, and say whether nothing was lost or doubled. Raises `CommandError`."""
    with tempfile.TemporaryDirectory(prefix="gorewatch-arrival-") as name:
        folder = Path(name)
        clip = _material(folder, asked.seconds + _SPARE_S)
        with publishers(clip, gop_s=_GOP_S) as published:
            found = asyncio.run(_arrival(asked, published, folder))
    report("arrival", found)
    return found["held"] is True


def _material(folder: Path, seconds: float) -> Path:
    say("drawing the demo's clip …")
    written = folder / "demo.mp4"
    write_demo_clip(written)
    return repeat(written, int(seconds / DURATION_S) + 1, suffix=".ts")


async def _arrival(asked: Asked, published: Publishers, folder: Path) -> dict[str, object]:
    address = f"sqlite:///{folder}/gorewatch.db"
    port = _free_port()
    others = asked.subscribers - asked.slow - asked.restless
    manners = [STEADY] * others + [SLOW] * asked.slow + [RESTLESS] * asked.restless
    readers, course = Readers(f"http://127.0.0.1:{port}", await _first(address), manners), _Course()
    async with reading(readers):
        for number in range(_RUNS):
            async with _running(folder, asked, port) as service, api_of(service) as api:
                await _catch_up(readers, course, first=number == 0)
                await _watch(asked, published, api, course)
                if number == _RUNS - 1:
                    await _finish(readers, api, address)
                await _count(api, course)
                if number == 1:
                    say("killing the service …")
                    os.kill(service.pid, signal.SIGKILL)
    logs = [notes.log() for notes in readers.notes]
    kept = await _kept(address)
    return {
        **figures(kept.kinds, kept.dear, logs),
        "failures": dict(kept.failures),
        "incidents": await _incidents(address),
        **course.counts,
        "caught_up_s": course.caught_up_s,
        "sent_before_kept_looks": course.hasty_looks,
        "asked": {name: getattr(asked, name) for name in Asked.__dataclass_fields__},
    }


@asynccontextmanager
async def _running(folder: Path, asked: Asked, port: int) -> AsyncIterator[Running]:
    """The service, started and ended without holding up those who read."""
    more = {
        # Each run adds streams of its own, spread over the clip.
        "GOREWATCH_RESUME": "false",
        "GOREWATCH_LIMITS__SUBSCRIBER_QUEUE": str(_QUEUE),
        "GOREWATCH_LIMITS__MAX_SUBSCRIBERS": str(2 * asked.subscribers),
        "GOREWATCH_LIMITS__KEY_SUBSCRIBERS": str(2 * asked.subscribers),
    }
    process: AbstractContextManager[Running] = running_service(folder, max_streams=asked.streams, more=more, port=port)
    service = await asyncio.to_thread(process.__enter__)
    try:
        yield service
    finally:
        await asyncio.to_thread(process.__exit__, None, None, None)


async def _catch_up(readers: Readers, course: _Course, *, first: bool) -> None:
    """Until everybody but the slow ones has what somebody got before the service was restarted."""
    if first:
        return
    newest = max(notes.dear[-1] for notes in readers.notes if notes.dear)
    course.caught_up_s.append(await _until_all_have(readers, newest))
    say(f"everybody has what was before the restart, {course.caught_up_s[-1]:g} s after the service was ready again")


async def _watch(asked: Asked, published: Publishers, api: Api, course: _Course) -> None:
    """Add the streams, spread over one turn of the clip or a third of the time, and let them go on."""
    share_s = asked.seconds / _RUNS
    until_s = time.monotonic() + share_s
    say(f"adding {asked.streams} streams, and watching them for {share_s:g} s …")
    pause_s = min(DURATION_S, share_s / 3.0) / asked.streams
    for number in range(asked.streams):
        await api.add(published.url, f"live-{number}", _POLICY)
        await asyncio.sleep(pause_s * random.uniform(0.5, 1.5))  # noqa: S311
    while time.monotonic() < until_s:
        course.hasty_looks += (await api.counts(_KEPT_FIRST))[_KEPT_FIRST] == 0
        await asyncio.sleep(_LOOK_EVERY_S)


async def _finish(readers: Readers, api: Api, address: str) -> None:
    """End all streams, and wait until everybody has been told so."""
    say("ending the streams …")
    readers.hurry()
    for stream in await api.streams():
        await api.end(stream.id)
    async with open_store(address) as store:
        async with asyncio.timeout(_CATCH_UP_S):
            while True:
                async with store.reading() as tx:
                    if not await media.running(tx):
                        break
                await asyncio.sleep(_LOOK_EVERY_S)
    await _until_all_have(readers, (await _kept(address)).dear[-1])


async def _until_all_have(readers: Readers, number: int) -> float:
    """How long that took; who does not get there in time is left to the comparison."""
    began_s = time.monotonic()
    while readers.behind(number) and time.monotonic() < began_s + _CATCH_UP_S:  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(_LOOK_EVERY_S / 10.0)
    return round(time.monotonic() - began_s, 1)


async def _count(api: Api, course: _Course) -> None:
    counts = await api.counts(*_COUNTS)
    course.counts.update({word: counts[name] for name, word in _COUNTS.items()})


async def _first(address: str) -> str:
    """The id before the first that a new store can have."""
    async with open_store(address) as store:
        floor, _ = await StoreJournal(store, lambda _: None).bounds()
    return format_id(floor)


async def _kept(address: str) -> _Kept:
    kept, last = _Kept(), 0
    async with open_store(address) as store:
        journal = StoreJournal(store, lambda _: None)
        while chunk := await journal.after(last, _CHUNK):
            last = chunk[-1].number
            kept.kinds.update(entry.kind for entry in chunk)
            kept.dear += [entry.number for entry in chunk if entry.kind != SCORE]
            failed = [json.loads(entry.data) for entry in chunk if entry.kind == "media.failed"]
            kept.failures.update(event["data"]["error"]["code"] for event in failed)
    return kept


async def _incidents(address: str) -> int:
    async with open_store(address) as store, store.reading() as tx:
        return await incidents.count(tx)


def _free_port() -> int:
    """One that stays the same over restarts, so that subscribers find the service again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
