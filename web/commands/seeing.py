"""What a report shows of one media, gathered while it is judged, in bounded memory."""

from dataclasses import dataclass

from inference.events import Event, GoreIncident, IncidentState, MediaFailed
from inference.judge import Judge
from inference.policy import Policy
from inference.scores import downsample
from inference.summary import Summary
from stream.errors import Failure
from stream.sample import Pixels, SourceInfo

from ..pixelating import peak_frame
from ..recording.peaks import Peaks
from ..reports.values import MOST_INCIDENTS, MediaReport, PeakFrame, Shown, highest, lasted_s
from ..showing import Plain
from ..store.blocks import Judged
from ..store.kept import picture_of

_POINTS_IN_ALL = 200_000
_MOST_POINTS, _FEWEST_POINTS = 1200, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be gathered of each media."""

    points: int
    """At most."""
    frames: bool
    """Those of peaks, too."""


def wanted_of(inputs: int, *, frames: bool) -> Wanted:
    """Fewer points of each where there are many inputs, so that a report of thousands still opens."""
    points = min(max(_POINTS_IN_ALL // inputs, _FEWEST_POINTS), _MOST_POINTS)
    return Wanted(points=points, frames=frames)


class Seen:
    """Of one media. Told of the source's description, of each sample with its pixels, and of events."""

    def __init__(self, judge: Judge, wanted: Wanted) -> None:
        self._judge = judge
        self._wanted = wanted
        self.info: SourceInfo | None = None
        self.picture: Plain | None = None
        """The sample that is about to be judged, a copy."""
        self._peaks = Peaks()
        self._frame: tuple[str, PeakFrame] | None = None
        """That of the incident that lasts, with its id."""
        self._shown: list[Shown] = []
        self._count = 0
        self._flagged_s = 0.0
        self._failure: Failure | None = None

    def scored(self, pixels: Pixels) -> None:
        """The score of a sample is there; it is judged right after. `pixels` are valid until this returns."""
        if self._wanted.frames:
            self.picture = Plain(pixels.copy())

    def judged(self, sample: Judged) -> None:
        if self.picture is not None:
            self._peaks.judged(self._judge.lasting, sample.position_s, self.picture)

    def told(self, event: Event) -> None:
        """Take an event; peaks come in blocks from here on."""
        match event:
            case MediaFailed(failure):
                self._failure = failure
            case GoreIncident(_, state):
                if (peak := self._peaks.told(event)) is not None:
                    self._frame = (peak.incident_id, peak_frame(peak.picture.pixels, self.info))
                if state is IncidentState.ENDED:
                    self._ended(event)

    def report(self, summary: Summary, policy: Policy) -> MediaReport:
        """Once the media is closed."""
        return MediaReport(
            name=summary.media.uri,
            uri=summary.media.uri,
            media_id=summary.media.media_id,
            prob=summary.prob,
            samples=summary.operations,
            failure=summary.failure or self._failure,
            policy=policy,
            picture=None if self.info is None else picture_of(self.info),
            points=tuple(downsample(self._judge.scores, self._wanted.points)),
            incidents=highest(self._shown),
            incident_count=self._count,
            flagged_s=self._flagged_s,
        )

    def _ended(self, event: GoreIncident) -> None:
        incident = event.incident
        frame = None if self._frame is None or self._frame[0] != incident.id else self._frame[1]
        self._shown.append(Shown(incident=incident, frame=frame))
        self._count += 1
        self._flagged_s += lasted_s(incident)
        if len(self._shown) >= 2 * MOST_INCIDENTS:
            self._shown = list(highest(self._shown))
