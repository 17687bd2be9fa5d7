"""Incidents as the store will have them: its own rows, and what events say that are still to be written. Pure.

An event is in the store before it is sent, so mostly nothing is to be added; but while the store is behind, those who
heard of an incident find it all the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..store.kept import IncidentFilter, KeptIncident


@dataclass(frozen=True, slots=True)
class Page:
    """Newest first. `next` is the id of the last one if older ones follow."""

    incidents: tuple[KeptIncident, ...]
    next: str | None


def later(stored: KeptIncident | None, told: KeptIncident) -> KeptIncident:
    """How an incident stands once what was told of it is in the store, too."""
    if stored is None:
        return told
    old, new = stored.incident, told.incident
    higher = new if new.peak > old.peak else old
    end_s = new.end_s if old.end_s is None else old.end_s
    now = replace(old, end_s=end_s, peak=higher.peak, peak_position_s=higher.peak_position_s)
    return replace(stored, incident=now)


def page(
    stored: Sequence[KeptIncident],
    told: Iterable[KeptIncident],
    rows: Mapping[str, KeptIncident],
    *,
    wanted: IncidentFilter,
    limit: int,
    before_id: str | None = None,
) -> Page:
    """Up to `limit`. `stored` are the rows that are wanted, one more than that if there are so many.

    `rows` are what the store has of those that were `told`, wanted or not.
    """
    more = len(stored) > limit
    last_id = stored[limit - 1].incident.id if more else ""
    now = {kept.incident.id: kept for kept in stored[:limit]}
    for kept in told:
        incident_id = kept.incident.id
        if incident_id >= last_id and (before_id is None or incident_id < before_id):
            now.pop(incident_id, None)
            if _is_wanted(as_it_is := later(rows.get(incident_id), kept), wanted):
                now[incident_id] = as_it_is
    found = sorted(now.values(), key=lambda kept: kept.incident.id, reverse=True)
    if len(found) > limit:
        last_id = found[limit - 1].incident.id
    return Page(tuple(found[:limit]), last_id or None)


def _is_wanted(kept: KeptIncident, wanted: IncidentFilter) -> bool:
    """What `web.store.incidents.listed` asks the database."""
    state = "open" if kept.incident.end_s is None else "ended"
    verdict = "none" if kept.review is None else kept.review.verdict
    return (
        (wanted.owners is None or kept.owner in wanted.owners)
        and wanted.stream_id in (None, kept.stream_id)
        and wanted.media_id in (None, kept.media_id)
        and wanted.state in (None, state)
        and wanted.verdict in (None, verdict)
        and (wanted.since_s is None or kept.started_s >= wanted.since_s)
        and (wanted.until_s is None or kept.started_s < wanted.until_s)
    )
