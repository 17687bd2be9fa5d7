"""The core: scores and states of one media in, events out, in the order in which things happened."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from inference.events import (
    Event,
    GoreIncident,
    GoreProb,
    Incident,
    IncidentState,
    MediaFailed,
    MediaFinished,
    MediaResumed,
    MediaStalled,
    MediaStarted,
    Reading,
)
from inference.incidents import IncidentTracker, Transition
from inference.policy import Policy
from inference.rising import rising
from inference.scores import Point, ScoreHistory
from inference.smoothing import Window
from inference.summary import Fold, MediaRef, Summary
from stream.errors import Failure
from stream.sample import State, Status
from stream.sampling import Sampler

_MAX_INCIDENTS = 1000
"""Ended incidents kept for the detail of a summary, the newest ones."""


@dataclass(frozen=True, slots=True)
class Scored:
    """The raw score of one sample, in [0, 1]. `captured_s` is monotonic time, the position media time."""

    position_s: float
    captured_s: float
    epoch: int
    raw: float


class Judge:
    """Judges one media by its policy. Fed in order of position; after `finish` it says nothing more."""

    def __init__(self, policy: Policy, media: MediaRef, new_incident_id: Callable[[], str]) -> None:
        self._policy = policy
        self._window = Window(policy.window)
        self._tracker = IncidentTracker(
            threshold=policy.threshold, release=policy.release, cooldown_s=policy.cooldown, new_id=new_incident_id
        )
        self._schedule = Sampler(1.0 / policy.event_interval)
        self._fold = Fold(media)
        self._history = ScoreHistory()
        self._ended: deque[Incident] = deque(maxlen=_MAX_INCIDENTS)
        self._latest: Reading | None = None
        self._latest_told = True
        self._started = False
        self._stalled = False
        self._failure: Failure | None = None
        self._final: Summary | None = None

    @property
    def latest(self) -> Reading | None:
        """The newest reading."""
        return self._latest

    @property
    def rising(self) -> bool:
        """Whether prob is on its way up to the threshold: more samples would tell sooner."""
        reading = self._latest
        return reading is not None and rising(
            reading.prob, reading.raw, threshold=self._policy.threshold, release=self._policy.release
        )

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """Oldest first, the open one last; of very many the newest 1000 that ended."""
        lasting = self._tracker.open
        return (*self._ended, lasting) if lasting is not None else tuple(self._ended)

    @property
    def lasting(self) -> Incident | None:
        """The incident that lasts."""
        return self._tracker.open

    @property
    def scores(self) -> list[Point]:
        """The history of the scores, at most 7200 points with every peak that matters."""
        return self._history.points()

    def feed(self, what: Scored | Status) -> list[Event]:
        """The events that a score or a change of state gives rise to.

        Raises ValueError for a score outside [0, 1] or a position that does not rise.
        """
        if self._final is not None:
            return []
        if isinstance(what, Status):
            return self._status(what)
        return self._scored(what)

    def finish(self, timestamp_s: float, failure: Failure | None = None) -> list[Event]:
        """The closing events; the last of them is the only terminal one. Nothing if the media is closed already.

        `timestamp_s` is Unix time. Without a `failure` the one that a `FAILED` status brought counts, if any.
        """
        if self._final is not None:
            return []
        failure = failure or self._failure
        self._final = self._fold.summary(timestamp_s, failure)
        events: list[Event] = []
        reading = self._latest
        if reading is not None:
            transitions = self._tracker.close(reading.position_s)
            if not self._latest_told:
                events.append(GoreProb(reading))
            events += self._incident_events(reading, transitions)
        events.append(MediaFinished(self._final) if failure is None else MediaFailed(failure, self._final))
        return events

    def summary(self, timestamp_s: float) -> Summary:
        """The summary as it stands at that Unix time; the final one once the media is closed."""
        return self._final or self._fold.summary(timestamp_s, self._failure)

    def _status(self, status: Status) -> list[Event]:
        match status.state:
            case State.FAILED:
                self._failure = status.failure or Failure("source_error", "The source failed and did not say why.")
            case State.STALLED | State.RECONNECTING if not self._stalled:
                self._stalled = True
                return [MediaStalled(status.reason or "no frames arrive")]
            case State.LIVE:
                return [*self._start(status), *self._resume(status.reason)]
        return []

    def _start(self, status: Status) -> list[Event]:
        if self._started or status.info is None:
            return []
        self._started = True
        return [MediaStarted(status.info)]

    def _resume(self, reason: str | None = None) -> list[Event]:
        if not self._stalled:
            return []
        self._stalled = False
        return [MediaResumed(reason or "frames arrive again")]

    def _scored(self, scored: Scored) -> list[Event]:
        smoothed = self._window.add(scored.position_s, scored.epoch, scored.raw)
        reading = Reading(
            position_s=scored.position_s,
            prob=smoothed.prob,
            raw=scored.raw,
            window_s=self._policy.window,
            window_samples=smoothed.samples,
            captured_s=scored.captured_s,
        )
        self._latest = reading
        self._fold.add(reading.prob)
        self._history.add(Point(reading.position_s, reading.raw, reading.prob))
        transitions = self._tracker.feed(reading.position_s, reading.prob)
        events = self._resume()
        turning = any(transition.state is not IncidentState.PEAK for transition in transitions)
        # The schedule is asked at every reading: what an incident tells in between does not move its grid.
        self._latest_told = self._schedule.due(reading.position_s) or turning
        if self._latest_told:
            events.append(GoreProb(reading))
        return [*events, *self._incident_events(reading, transitions)]

    def _incident_events(self, reading: Reading, transitions: list[Transition]) -> list[Event]:
        for transition in transitions:
            if transition.state is IncidentState.ENDED:
                self._ended.append(transition.incident)
        return [GoreIncident(reading, transition.state, transition.incident) for transition in transitions]
