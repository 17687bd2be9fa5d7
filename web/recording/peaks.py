"""The frame of an incident's peak, held until the incident is told of as it stands with that peak. Pure.

A peak is told at most once a second, by when other samples were judged; and an incident may end with one that was not
told before. So the frame is taken when its score makes it the peak, and handed on with the event that says so.
"""

from dataclasses import dataclass

from inference.events import Event, GoreIncident
from inference.incidents import Incident

from ..showing import Picture


@dataclass(frozen=True, slots=True, eq=False)
class Peak:
    """The frame of one incident's peak."""

    incident_id: str
    position_s: float
    picture: Picture


class Peaks:
    """Those of one media: a frame for each incident of which a peak is still to be told."""

    def __init__(self) -> None:
        self._held: dict[str, Peak] = {}

    def judged(self, lasting: Incident | None, position_s: float, picture: Picture) -> None:
        """A sample was judged, and this is the incident that lasts now."""
        if lasting is not None and lasting.peak_position_s == position_s:
            self._held[lasting.id] = Peak(lasting.id, position_s, picture)

    def told(self, event: Event) -> Peak | None:
        """The frame that belongs to what an event says of an incident, if it has not been handed on before."""
        return self._held.pop(event.incident.id, None) if isinstance(event, GoreIncident) else None
