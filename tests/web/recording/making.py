"""Events of one media as the hub hands them to a journal."""

from dataclasses import dataclass, field

from inference.events import (
    Event,
    GoreIncident,
    GoreProb,
    IncidentState,
    MediaFailed,
    MediaFinished,
    MediaStarted,
    Reading,
)
from inference.incidents import Incident
from inference.policy import Policy
from inference.summary import MediaRef, Summary
from stream.errors import Failure
from stream.ids import make_id
from stream.sample import SourceInfo
from web.delivery.cloudevents import encode
from web.delivery.history import Entry
from web.delivery.journal import Published
from web.store.kept import MediaFacts

START_S = 1_790_000_000.0
"""Unix seconds at which all of it begins."""
INFO = SourceInfo("h264", 1280, 720, 30.0, live=True)


def an_id(prefix: str, number: int, *, unix_s: float = START_S) -> str:
    return make_id(prefix, int(unix_s * 1000), number.to_bytes(11, "big"))


@dataclass(slots=True)
class Filming:
    """One media, whose events get the numbers that the clock gives."""

    place: int = 0
    owner: str | None = "1"
    unix_s: float = START_S
    last: int = field(default=0)
    callback_url: str | None = None

    @property
    def media_id(self) -> str:
        return an_id("med", self.place)

    @property
    def stream_id(self) -> str:
        return an_id("str", self.place)

    @property
    def ref(self) -> MediaRef:
        return MediaRef(an_id("req", self.place), self.media_id, "rtsp://h/door")

    @property
    def facts(self) -> MediaFacts:
        return MediaFacts(
            ref=self.ref,
            stream_id=self.stream_id,
            owner=self.owner,
            name="door",
            policy=Policy(fps=4.0, callback_url=self.callback_url),
            started_s=START_S - 1.0,
        )

    def publish(self, event: Event) -> Published:
        self.unix_s += 0.5
        self.last = max(self.last + 1, int(self.unix_s * 1_000_000) + self.place)
        kind, data = encode(
            event,
            number=self.last,
            stream_id=self.stream_id,
            media_id=self.media_id,
            unix_s=self.unix_s,
            monotonic_s=0.0,
        )
        entry = Entry(self.last, kind, self.stream_id, data, self.owner)
        return Published(entry=entry, media_id=self.media_id, event=event, unix_s=self.unix_s)

    def started(self) -> Published:
        return self.publish(MediaStarted(INFO))

    def prob(self, position_s: float = 1.0, prob: float = 0.25) -> Published:
        return self.publish(GoreProb(reading(position_s, prob)))

    def incident(
        self, state: IncidentState, position_s: float, *, peak: float, end_s: float | None = None, number: int = 0
    ) -> Published:
        """Of an incident that began at 2 s."""
        incident = Incident(an_id("inc", 1000 * self.place + number), 2.0, end_s, peak, position_s)
        return self.publish(GoreIncident(reading(position_s, peak), state, incident))

    def finished(self, prob: float | None = 0.75, *, operations: int = 9) -> Published:
        return self.publish(MediaFinished(Summary(self.ref, self.unix_s, operations, prob)))

    def failed(self, failure: Failure) -> Published:
        return self.publish(MediaFailed(failure, Summary(self.ref, self.unix_s, 0, None, failure)))

    def film(self) -> list[Published]:
        """From its start to its end, with an incident."""
        return [
            self.started(),
            self.prob(),
            self.incident(IncidentState.STARTED, 2.0, peak=0.5),
            self.incident(IncidentState.PEAK, 3.0, peak=0.875),
            self.incident(IncidentState.ENDED, 3.0, peak=0.875, end_s=4.0),
            self.finished(),
        ]


def reading(position_s: float, prob: float) -> Reading:
    return Reading(position_s=position_s, prob=prob, raw=prob, window_s=3.0, window_samples=6, captured_s=0.0)
