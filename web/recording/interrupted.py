"""What an earlier service left open because it broke off: the events that it owed."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from inference.events import Event, GoreIncident, Incident, IncidentState, MediaFailed, Reading
from inference.policy import Policy
from inference.summary import Summary
from stream.errors import Failure

from ..store import incidents, jobs, media, regions, scores
from ..store.blocks import Judged
from ..store.kept import IncidentFilter, KeptMedia, MediaFacts
from ..store.store import Store

INTERRUPTED = Failure("interrupted", "The service ended while it watched this media.")
_MOST_INCIDENTS = 100
"""Of one media; there is one that lasts, at most."""


@dataclass(frozen=True, slots=True)
class Owed:
    """The closing events of one media."""

    facts: MediaFacts
    events: tuple[Event, ...]


async def owed_events(store: Store, *, at_s: float, region: str = regions.DEFAULT) -> tuple[Owed, ...]:
    """The closing events of every media of a region that has none, with the summary of the scores that were kept.

    Media of jobs go on instead: they are read again from the beginning, or from now on, so that their earlier scores
    go. To be called before any media begins. Raises `StoreError`.
    """
    async with store.reading() as tx:
        going_on = {job.id for job in await jobs.ongoing(tx, region=region)}
        running = await media.running(tx, region=region)
        left = [one for one in running if one.facts.ref.media_id not in going_on]
    async with store.writing() as tx:
        for media_id in going_on:
            await scores.forget_media(tx, media_id)
    return tuple([await _owed(store, one, at_s=at_s) for one in left])


async def _owed(store: Store, one: KeptMedia, *, at_s: float) -> Owed:
    ref = one.facts.ref
    async with store.reading() as tx:
        samples = await scores.read(tx, ref.media_id)
        wanted = IncidentFilter(media_id=ref.media_id, state="open")
        lasting = await incidents.listed(tx, limit=_MOST_INCIDENTS, wanted=wanted)
    prob = max((sample.prob for sample in samples), default=None)
    summary = Summary(ref, at_s, len(samples), prob, None if samples else INTERRUPTED)
    policy = one.facts.policy or Policy()
    ends = [_ended(kept.incident, samples, policy) for kept in reversed(lasting)]
    return Owed(one.facts, (*ends, MediaFailed(INTERRUPTED, summary)))


def _ended(incident: Incident, samples: Sequence[Judged], policy: Policy) -> GoreIncident:
    """At the last sample that is known, or at its peak if that is later."""
    last = samples[-1] if samples else Judged(incident.peak_position_s, 0, incident.peak, incident.peak)
    end_s = max(last.position_s, incident.peak_position_s)
    reading = Reading(
        position_s=end_s,
        prob=last.prob,
        raw=last.raw,
        window_s=policy.window,
        window_samples=1,
        captured_s=time.monotonic(),
    )
    return GoreIncident(reading, IncidentState.ENDED, replace(incident, end_s=end_s))
