"""A program that floods a store with events until it is killed: `python -m tests.web.recording.flooding ADDRESS PLACE`.

A line `given N` is printed when a number is given, `kept N` when it is in the store.
"""

import asyncio
import sys

from inference.events import IncidentState
from tests.web.recording.making import START_S, Filming
from web.recording.journal import StoreJournal
from web.store.store import open_store

_BATCH = 20


async def flood(address: str, place: int) -> None:
    async with open_store(address) as store:
        film = Filming(place)
        journal = StoreJournal(store, lambda _: film.facts, clock=lambda: START_S)
        _, film.last = await journal.bounds()
        number = 0
        while True:
            batch = []
            for _ in range(_BATCH):
                number += 1
                batch.append(film.incident(IncidentState.STARTED, 2.0, peak=0.5, number=number))
                sys.stdout.write(f"given {batch[-1].entry.number}\n")
            sys.stdout.flush()
            await journal.write(batch)
            sys.stdout.write(f"kept {batch[-1].entry.number}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(flood(sys.argv[1], int(sys.argv[2])))
