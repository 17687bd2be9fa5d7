"""Incidents: stretches of media over a threshold, with a second, lower one to leave by, and a cooldown."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

_PEAK_INTERVAL_S = 1.0
_ROUNDING_S = 1e-6


class IncidentState(StrEnum):
    STARTED = "started"
    PEAK = "peak"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Incident:
    """A stretch of media during which prob stayed over the threshold, with hysteresis. Positions are media seconds."""

    id: str
    start_s: float
    end_s: float | None
    """None while it lasts."""
    peak: float
    peak_position_s: float


@dataclass(frozen=True, slots=True)
class Transition:
    """What one sample did to the incident; `incident` is how it stood right after."""

    state: IncidentState
    incident: Incident


class IncidentTracker:
    """Follows prob through one media. It is fed in order of position and holds at most one open incident.

    An incident starts at the sample that reaches `threshold`. It ends once prob has stayed under `release` for
    `cooldown_s` of media time, and its end is the first of those samples: the beginning of the quiet. Between two
    samples the earlier one holds. A new peak is told at most once a second; one that came too early is told at the
    first sample that may, unless a higher one has taken its place by then.
    """

    def __init__(self, *, threshold: float, release: float, cooldown_s: float, new_id: Callable[[], str]) -> None:
        self._threshold = threshold
        self._release = release
        self._cooldown_s = cooldown_s
        self._new_id = new_id
        self._open: Incident | None = None
        self._quiet_since_s: float | None = None
        self._told_at_s = 0.0
        self._told_peak = 0.0

    @property
    def open(self) -> Incident | None:
        """The incident that lasts."""
        return self._open

    def feed(self, position_s: float, prob: float) -> list[Transition]:
        """The transitions at a sample: none, one, or the end of one incident and the start of the next."""
        transitions = self._end_if_cooled(position_s)
        if self._open is None:
            if prob >= self._threshold:
                transitions.append(self._start(position_s, prob))
        elif prob < self._release:
            if self._quiet_since_s is None:
                self._quiet_since_s = position_s
                transitions += self._end_if_cooled(position_s)
        else:
            self._quiet_since_s = None
            transitions += self._rise(self._open, position_s, prob)
        return transitions

    def close(self, position_s: float) -> list[Transition]:
        """The media is over: an incident that still lasts ends at its last position."""
        if self._open is None:
            return []
        return [self._end(self._open, position_s)]

    def _start(self, position_s: float, prob: float) -> Transition:
        self._open = Incident(self._new_id(), position_s, None, prob, position_s)
        self._quiet_since_s = None
        self._told_at_s, self._told_peak = position_s, prob
        return Transition(IncidentState.STARTED, self._open)

    def _rise(self, incident: Incident, position_s: float, prob: float) -> list[Transition]:
        if prob > incident.peak:
            incident = self._open = replace(incident, peak=prob, peak_position_s=position_s)
        early = position_s - self._told_at_s < _PEAK_INTERVAL_S - _ROUNDING_S
        if early or incident.peak <= self._told_peak:
            return []
        self._told_at_s, self._told_peak = position_s, incident.peak
        return [Transition(IncidentState.PEAK, incident)]

    def _end_if_cooled(self, position_s: float) -> list[Transition]:
        since_s = self._quiet_since_s
        if self._open is None or since_s is None or position_s - since_s < self._cooldown_s - _ROUNDING_S:
            return []
        return [self._end(self._open, since_s)]

    def _end(self, incident: Incident, end_s: float) -> Transition:
        self._open = None
        self._quiet_since_s = None
        return Transition(IncidentState.ENDED, replace(incident, end_s=end_s))
