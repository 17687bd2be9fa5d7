"""Incidents for the viewer's pages: by a stream that a test feeds, or straight into the store."""

import time
from collections.abc import Sequence
from random import Random
from typing import Any

from inference.incidents import Incident
from inference.summary import MediaRef
from stream.ids import make_id
from tests.web.fakes import FakeSource
from tests.web.serving import Served
from web.store import incidents, media
from web.store.kept import KeptIncident, MediaFacts

_APART_S = 10.0
"""Seconds between two of those in the store, so that their order is that of their peaks alone."""


async def streaming(served: Served, name: str = "lobby") -> FakeSource:
    """The source of a stream that is live."""
    number = len(served.pool.sources)
    await served.add(name=name, policy={"window": 0.001, "cooldown": 1.0})
    source = await served.pool.source(number)
    source.live()
    return source


def flagged(source: FakeSource, start_s: float, *, score: float = 0.9, lasts: bool = False) -> None:
    """Samples of an incident that begins there, and is over three seconds later unless it `lasts`."""
    source.sample(start_s, score, striped=True)
    source.sample(start_s + 0.5, score - 0.1, striped=True)
    if not lasts:
        for later_s in (1.0, 2.0, 3.0):
            source.sample(start_s + later_s, 0.05)


async def told(served: Served, count: int = 1, *, state: str = "ended") -> list[dict[str, Any]]:
    """The incidents, newest first, once there are so many in this state."""
    path = f"/v1/incidents?state={state}"
    found = (await served.until(path, lambda answer: len(answer["incidents"]) == count))["incidents"]
    assert isinstance(found, list)
    return found


async def stored(served: Served, count: int, *, names: Sequence[str] = ("lobby",)) -> list[KeptIncident]:
    """That many incidents of ended streams, newest first, in the store alone."""
    rng, now_s = Random(count), time.time()
    ids = [
        (make_id("med", round(now_s * 1000), rng.randbytes(11)), make_id("str", round(now_s * 1000), rng.randbytes(11)))
        for _ in names
    ]
    those = []
    for number in range(count):
        began_s = now_s - (number + 1) * _APART_S
        media_id, stream_id = ids[number % len(ids)]
        peak = 0.5 + 0.4 * (number % 7) / 7
        incident = Incident(make_id("inc", round(began_s * 1000), rng.randbytes(11)), 5.0, 9.0, peak, 6.0)
        those.append(
            KeptIncident(incident=incident, media_id=media_id, stream_id=stream_id, owner=None, started_s=began_s)
        )
    facts = [
        MediaFacts(
            ref=MediaRef("req_1", media_id, "rtsp://camera.example/1"),
            stream_id=stream_id,
            owner=None,
            name=name,
            policy=None,
            started_s=now_s,
        )
        for (media_id, stream_id), name in zip(ids, names, strict=True)
    ]
    async with served.store.writing() as tx:
        await media.add(tx, facts)
        for first in range(0, count, 500):
            await incidents.put(tx, those[first : first + 500])
    return those
