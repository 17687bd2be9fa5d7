"""A service that is killed in the middle of a flood: what was kept is kept, once, and no number is given again."""

import os
import sys
from asyncio import create_subprocess_exec, timeout
from asyncio.subprocess import PIPE
from pathlib import Path

from tests.web.recording.making import Filming
from tests.web.recording.test_journal import journal_of
from web.store import incidents
from web.store.kept import IncidentFilter
from web.store.store import open_store

ROOT = Path(__file__).parents[3]
WITHIN_S = 60.0
KILLS = 3


async def flooded(address: str, place: int, *, until: int) -> tuple[list[int], int]:
    """The numbers that a flood gave before it was killed, and the last one that it saw kept."""
    command = (sys.executable, "-m", "tests.web.recording.flooding", address, str(place))
    child = await create_subprocess_exec(*command, stdout=PIPE, cwd=ROOT, env=dict(os.environ, PYTHONPATH=str(ROOT)))
    given: list[int] = []
    kept = 0
    assert child.stdout is not None
    async with timeout(WITHIN_S):
        async for line in child.stdout:
            word, number = line.decode().split()
            if word == "given":
                given.append(int(number))
            else:
                kept = int(number)
            if len(given) == until:
                child.kill()
        await child.wait()
    return given, kept


async def test_what_was_kept_is_there_once_and_numbers_go_on(address: str) -> None:
    given: list[int] = []
    acknowledged: set[int] = set()
    for place in range(KILLS):
        numbers, kept = await flooded(address, place, until=150 + 37 * place)
        assert numbers[0] > max(given, default=0)
        given += numbers
        acknowledged |= {number for number in numbers if number <= kept}
        async with open_store(address) as store:
            journal = journal_of(store, Filming())
            found = [entry.number for entry in await journal.after(0, 10**6)]
            async with store.reading() as tx:
                listed = await incidents.listed(tx, limit=10**6, wanted=IncidentFilter())
        assert found == sorted(set(found))
        assert acknowledged <= set(found) <= set(given)
        # Each event told of an incident of its own.
        assert len(listed) == len(found)
