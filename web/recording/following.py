"""What follows from events for what is kept of media and incidents. Pure."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from inference.events import GoreIncident, MediaFailed, MediaFinished, MediaStarted
from inference.incidents import Incident
from inference.summary import MediaRef, Summary, summary_json
from stream.errors import Failure

from ..delivery.journal import Published
from ..store.kept import KeptIncident, MediaEnd, MediaFacts, MediaPicture, picture_of

US_PER_S = 1_000_000
_AHEAD_US = 24 * 3600 * US_PER_S
_AHEAD_NUMBERS = 1_000_000

Describe = Callable[[str], MediaFacts | None]
"""What the service knows of a media, by id; None once it does not know it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What a batch of events says of media and incidents: of each the last word."""

    pictures: dict[str, MediaPicture]
    """By media."""
    ends: dict[str, MediaEnd]
    """By media."""
    incidents: tuple[KeptIncident, ...]


def following(batch: Sequence[Published]) -> Following:
    """The events in their order."""
    pictures: dict[str, MediaPicture] = {}
    ends: dict[str, MediaEnd] = {}
    incidents: dict[str, KeptIncident] = {}
    for published in batch:
        match published.event:
            case MediaStarted(info):
                pictures[published.media_id] = picture_of(info)
            case MediaFinished(summary):
                ends[published.media_id] = _end(summary, published.unix_s)
            case MediaFailed(failure, summary):
                ends[published.media_id] = _end(summary, published.unix_s, failure)
            case GoreIncident(reading, _, incident):
                earlier = incidents.get(incident.id)
                incidents[incident.id] = (
                    replace(earlier, incident=incident)
                    if earlier is not None
                    else _kept(published, incident, since_start_s=reading.position_s - incident.start_s)
                )
    return Following(pictures=pictures, ends=ends, incidents=tuple(incidents.values()))


def facts_of(published: Published, describe: Describe) -> MediaFacts:
    """What is known of an event's media, or what the event alone tells, since a row must be there for what follows."""
    known = describe(published.media_id)
    if known is not None:
        return known
    event = published.event
    told = event.summary.media if isinstance(event, MediaFinished | MediaFailed) else None
    return MediaFacts(
        ref=told or MediaRef(request_id="", media_id=published.media_id, uri=""),
        stream_id=published.entry.stream_id,
        owner=published.entry.owner,
        name="",
        policy=None,
        started_s=published.unix_s,
    )


def ceiling_for(highest: int, *, unix_s: float, ceiling: int) -> int:
    """A number that none goes beyond in the next half day at least; `ceiling` if it is one.

    Numbers follow the clock (microseconds) or, while that lags behind them, count up by one. So it lies a day and a
    million numbers ahead, and is moved once half of either is used up.
    """
    now = int(unix_s * US_PER_S)
    if ceiling >= max(now + _AHEAD_US // 2, highest + _AHEAD_NUMBERS // 2):
        return ceiling
    return max(now + _AHEAD_US, highest + _AHEAD_NUMBERS)


def _end(summary: Summary, unix_s: float, failure: Failure | None = None) -> MediaEnd:
    return MediaEnd(
        finished_s=unix_s,
        operations=summary.operations,
        prob=summary.prob,
        summary=json.dumps(summary_json(summary), separators=(",", ":")),
        failure=failure or summary.failure,
    )


def _kept(published: Published, incident: Incident, *, since_start_s: float) -> KeptIncident:
    return KeptIncident(
        incident=incident,
        media_id=published.media_id,
        stream_id=published.entry.stream_id,
        owner=published.entry.owner,
        # If its start was not told, as long ago as it has lasted.
        started_s=published.unix_s - max(since_start_s, 0.0),
    )
