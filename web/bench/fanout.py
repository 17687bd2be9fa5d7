"""`gorewatch bench fanout`: what one event costs that goes to many subscribers, and what a slow one costs the others.

- `vs_aiohttp`, `vs_websockets`: sends a CPU-second over those of a loop of aiohttp's `send_str` over the same sockets
  and over those of `websockets.broadcast`; the median of turns, the lowest of all numbers of subscribers.
- `p99_ms`: from the publication of an event to its arrival at one of 1,000 subscribers, at 10 events a second.
- `slow_reader_effect`: that with a subscriber that stops reading its 2 MB a second over that with one that reads them.
- `kb_per_subscriber`: resident memory of the whole service for one that is idle.
- `replay_per_s`: events a second that one subscriber gets of those it missed.

Subscribers are in a process of their own.
"""

import asyncio
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from .fanout_figures import Measured, Turn, figures
from .fanout_hosts import STREAM, WAYS, Hosts, hosting
from .fanout_readers import Readers, raise_files, readers, stuck_reader
from .measure import report, resident_mb, say
from .serving import running_service

_EACH_S = 25e-6
"""Of rest for each send, so that subscribers keep up."""
_FLOOD = "str_flood"
_QUERY = f"?stream={STREAM}"
_PER_S = 10
_FLOOD_PER_S, _FLOOD_BYTES = 200, 10_000
_IDLE_WARM = 200
_WARM_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured."""

    subscribers: tuple[int, ...]
    rounds: int
    sends: int
    """In one turn."""
    paced: int
    """Subscribers that get events at a pace."""
    paced_s: float
    pairs: int
    """Of windows without and with a slow reader."""
    idle: int
    replayed: int


_WHOLE = Plan(
    subscribers=(100, 1000, 5000),
    rounds=7,
    sends=40_000,
    paced=1000,
    paced_s=10.0,
    pairs=3,
    idle=2000,
    replayed=100_000,
)
_QUICK = replace(_WHOLE, subscribers=(100, 1000), rounds=3, sends=10_000, paced_s=4.0, pairs=1, idle=1000)


def main(*, seconds: float | None, quick: bool) -> None:
    """Measure and print; `seconds` is how long each window of paced events is (default 10, quick 4).

    Raises `CommandError` when it could not run.
    """
    plan = _QUICK if quick else _WHOLE
    raise_files(3 * max(plan.subscribers) + 1000)
    report("fanout", figures(asyncio.run(measured(replace(plan, paced_s=seconds or plan.paced_s)))))


async def measured(plan: Plan) -> Measured:
    """Everything, one after the other. Raises `CommandError`."""
    turns = {}
    for count in plan.subscribers:
        async with hosting(history_events=100) as hosts:
            turns[count] = await _against(plan, hosts, count)
    async with hosting(history_events=plan.replayed) as hosts:
        alone_s, beside_s = await _paced(plan, hosts)
    async with hosting(history_events=plan.replayed) as hosts:
        replay_s = await _replay_s(plan, hosts)
    idle_kb = await asyncio.to_thread(_idle_kb, plan)
    return Measured(
        turns=turns,
        paced=plan.paced,
        alone_s=alone_s,
        beside_s=beside_s,
        replayed=plan.replayed,
        replay_s=replay_s,
        idle=plan.idle,
        idle_kb=idle_kb,
    )


async def _against(plan: Plan, hosts: Hosts, count: int) -> list[Turn]:
    say(f"{count} subscribers …")
    events = max(plan.sends // count, 4)
    async with readers(hosts.port, f"/ours{_QUERY}", count) as ours, readers(hosts.theirs, "/", count) as theirs:
        await hosts.settled(count)
        turns = []
        for number in range(plan.rounds + 1):
            spent_s = {}
            # Whoever comes first finds the machine colder: they take turns.
            for way in (*WAYS[number % len(WAYS) :], *WAYS[: number % len(WAYS)]):
                got = theirs if way == "websockets" else ours
                await got.reset()
                started_s = time.process_time()
                for _ in range(events):
                    await hosts.send(way)
                    await asyncio.sleep(count * _EACH_S)
                spent_s[way] = time.process_time() - started_s
                await got.until(events * count)
            turns.append(Turn(events * count, spent_s["hub"], spent_s["aiohttp"], spent_s["websockets"]))
    return turns[1:]


async def _paced(plan: Plan, hosts: Hosts) -> tuple[list[float], list[float]]:
    """p99 in seconds of each window without and with a reader that stops."""
    say(f"{plan.paced} subscribers at {_PER_S} events a second …")
    alone_s, beside_s = [], []
    async with readers(hosts.port, f"/ours{_QUERY}", plan.paced - 1) as others:
        # The first window finds everything colder.
        await _window(replace(plan, paced_s=min(plan.paced_s, _WARM_S)), hosts, others)
        for _ in range(plan.pairs):
            async with readers(hosts.port, f"/ours?stream={_FLOOD}", 1):
                alone_s.append(await _window(plan, hosts, others))
            with stuck_reader(hosts.port, f"/ours?stream={_FLOOD}"):
                beside_s.append(await _window(plan, hosts, others))
    return alone_s, beside_s


async def _window(plan: Plan, hosts: Hosts, others: Readers) -> float:
    await others.reset()
    began_s, flooded = time.monotonic(), 0
    for number in range(round(plan.paced_s * _PER_S)):
        while (left_s := began_s + number / _PER_S - time.monotonic()) > 0:
            while flooded < (time.monotonic() - began_s) * _FLOOD_PER_S:
                hosts.publish(_FLOOD, _FLOOD_BYTES)
                flooded += 1
            await asyncio.sleep(min(left_s, 1.0 / _FLOOD_PER_S))
        hosts.publish(STREAM)
    found = await others.until(round(plan.paced_s * _PER_S) * others.count)
    return found.p99_s


async def _replay_s(plan: Plan, hosts: Hosts) -> float:
    say(f"{plan.replayed} events again …")
    for _ in range(plan.replayed):
        hosts.publish(STREAM)
    began_s = time.monotonic()
    async with readers(hosts.port, f"/ours{_QUERY}&since=0", 1) as one:
        # The start of the subscriber's process is not the replay.
        began_s = max(began_s, one.began_s)
        found = await one.until(plan.replayed)
    return found.last_s - began_s


def _idle_kb(plan: Plan) -> float:
    say(f"{plan.idle} idle subscribers of the whole service …")
    with tempfile.TemporaryDirectory(prefix="gorewatch-bench-") as folder:
        limits = {"GOREWATCH_LIMITS__KEY_SUBSCRIBERS": "100000", "GOREWATCH_LIMITS__MAX_SUBSCRIBERS": "100000"}
        with running_service(Path(folder), max_streams=1, more=limits) as service:
            return asyncio.run(_held_kb(plan, int(service.url.rpartition(":")[2]), service.pid))


async def _held_kb(plan: Plan, port: int, pid: int) -> float:
    async with readers(port, "/v1/events", _IDLE_WARM):
        await asyncio.sleep(1.0)
        before_mb = resident_mb([pid])
        async with readers(port, "/v1/events", plan.idle):
            await asyncio.sleep(1.0)
            return 1000.0 * (resident_mb([pid]) - before_mb) / plan.idle
