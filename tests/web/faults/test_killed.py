"""The service is killed in a flood of events, again and again: nobody who comes back misses or repeats an incident."""

import asyncio
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.servers.service import Service, running_service
from tests.web.faults.flicker import flickering, write_flicker
from tests.web.faults.logbook import WITHIN_S, Kept, Logbook, first_id, following, kept_in
from web.delivery.cloudevents import TYPES

KILLS = int(os.environ.get("GOREWATCH_KILLS", "3"))
"""Twenty, to be sure; each takes some seconds."""
STREAMS = 3
DEAR = tuple(kind for kind in TYPES if kind != "gore.prob")
"""What is never merged."""


def subscribers(since: str) -> list[Logbook]:
    """Some want all, some incidents and what becomes of media."""
    return [Logbook(since, DEAR) for _ in range(4)] + [Logbook(since) for _ in range(2)]


@pytest.mark.timeout(120 + 60 * KILLS)
async def test_each_incident_reaches_everybody_once_and_no_id_is_given_twice(address: str, tmp_path: Path) -> None:
    everybody = subscribers(await first_id(address))
    env = {**flickering(tmp_path), "GOREWATCH_STORE": address}
    clip = write_flicker(tmp_path / "flicker.ts")
    sources = [word for number in range(STREAMS) for word in ("--source", f"cam{number}={clip}")]
    newest = everybody[0].since
    for kill in range(KILLS):
        with running_service(tmp_path, *sources, env=env, command=clock_set(-(kill % 2))) as service:
            async with following(service.url, everybody):
                newest = await flooded(everybody, newest, events=400 + 137 * (kill % 5))
                await killed(service, everybody)
            assert "before they are kept" not in service.log
    with running_service(tmp_path, env=env, command=clock_set(-1)) as service:
        kept = await settled(address)
        async with following(service.url, everybody):
            for one in everybody:
                await one.reached(max(kept.events))
    compare(everybody, kept)
    assert ends(kept) == dict.fromkeys(ends(kept), 1)
    assert len(ends(kept)) == KILLS * STREAMS
    assert kept.open_incidents == 0


def clock_set(hours: int) -> tuple[str, ...]:
    """The command of a service whose clock is that far from right."""
    return (sys.executable, "-m", "tests.web.faults.shifted", str(hours))


async def flooded(everybody: list[Logbook], newest: str, *, events: int) -> str:
    """Until everybody is beyond all that was sent before, and in the middle of the flood; the newest id by then."""
    for one in everybody:
        await one.reached(newest)
    await everybody[0].more(events)
    return max(one.since for one in everybody)


async def killed(service: Service, everybody: list[Logbook]) -> None:
    """Until everybody has read the last that was sent."""
    for one in everybody:
        one.lost.clear()
    service.kill()
    async with asyncio.timeout(WITHIN_S):
        for one in everybody:
            await one.lost.wait()


async def settled(address: str) -> Kept:
    """What is kept once all that an earlier service left open is closed."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            kept = await kept_in(address)
            if not kept.open_media:
                return kept
            await asyncio.sleep(0.05)


def compare(everybody: list[Logbook], kept: Kept) -> None:
    """Everybody got each event that matters, once and in order, and nothing that is not kept just so."""
    for one in everybody:
        dear = {number: event for number, event in one.events.items() if event["type"] in DEAR}
        assert list(dear.items()) == list(kept.after("", DEAR).items())
        # What a newer score took the place of is not there; all else is.
        assert all(kept.events[number] == event for number, event in one.events.items())


def ends(kept: Kept) -> "Counter[str]":
    """How often each media was closed."""
    closing = ("media.finished", "media.failed")
    return Counter(str(event["subject"]) for event in kept.after("", closing).values())
