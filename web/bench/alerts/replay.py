"""Recorded scores through the smoothing and the incidents again, as another policy would have judged them.

`recorded` scores are those of one timeline at its own sampling rate. A lower rate is replayed by sampling the samples:
as both cut media time on one grid, those are the samples that the lower rate would have picked from the frames.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference.incidents import IncidentState, IncidentTracker
from inference.policy import Policy
from inference.smoothing import Window
from stream.sampling import Sampler

from .plan import Timeline

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """The raw scores of one timeline: positions in media seconds, rising, and scores in [0, 1], both float64 N."""

    timeline: Timeline
    fps: float
    """Samples a second of media time."""
    positions_s: Floats
    raw: Floats

    def at_rate(self, fps: float) -> "Recording":
        """What a lower rate would have recorded. Raises ValueError for a higher one."""
        if fps > self.fps:
            raise ValueError(f"a recording at {self.fps:g} samples a second has none at {fps:g}")
        sampler = Sampler(fps)
        kept = [place for place, position_s in enumerate(self.positions_s.tolist()) if sampler.due(position_s)]
        return Recording(self.timeline, fps, self.positions_s[kept], self.raw[kept])


@dataclass(frozen=True, slots=True)
class Span:
    """An incident, by the samples that raised and ended it, media seconds; one that never ended ends at infinity."""

    start_s: float
    until_s: float


def smoothed(recording: Recording, window_s: float) -> Floats:
    """prob at each sample."""
    window = Window(window_s)
    pairs = zip(recording.positions_s.tolist(), recording.raw.tolist(), strict=True)
    return np.array([window.add(position_s, 0, raw).prob for position_s, raw in pairs])


def spans(recording: Recording, policy: Policy) -> list[Span]:
    """The incidents that the policy gives, oldest first: sampling, smoothing and tracking."""
    thinned = recording.at_rate(policy.fps)
    return tracked(thinned.positions_s, smoothed(thinned, policy.window), policy)


def tracked(positions_s: Floats, prob: Floats, policy: Policy) -> list[Span]:
    """The incidents of a smoothed timeline, oldest first."""
    tracker = IncidentTracker(
        threshold=policy.threshold, release=policy.release, cooldown_s=policy.cooldown, new_id=lambda: "inc"
    )
    found: list[Span] = []
    for place in _places_that_matter(prob, policy.threshold, tracker):
        position_s = float(positions_s[place])
        for transition in tracker.feed(position_s, float(prob[place])):
            if transition.state is IncidentState.STARTED:
                found.append(Span(position_s, math.inf))
            elif transition.state is IncidentState.ENDED:
                found[-1] = Span(found[-1].start_s, position_s)
    return found


def _places_that_matter(prob: Floats, threshold: float, tracker: IncidentTracker) -> Iterator[int]:
    """While no incident is open, a sample below the threshold does nothing; most samples are such."""
    place = 0
    reaching = np.flatnonzero(prob >= threshold)
    while place < len(prob):
        if tracker.open is None:
            following = np.searchsorted(reaching, place)
            if following == len(reaching):
                return
            place = int(reaching[following])
        yield place
        place += 1
