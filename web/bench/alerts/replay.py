"""Recorded scores through the smoothing and the incidents again, as another policy would have judged them.

`recorded` scores are those of one timeline at its own sampling rate. A lower rate is replayed by sampling the samples:
as both cut media time on one grid, those are the samples that the lower rate would have picked from the frames.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference.incidents import Incident, IncidentState, IncidentTracker
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


def smoothed(recording: Recording, window_s: float) -> Floats:
    """prob at each sample."""
    window = Window(window_s)
    pairs = zip(recording.positions_s.tolist(), recording.raw.tolist(), strict=True)
    return np.array([window.add(position_s, 0, raw).prob for position_s, raw in pairs])


def incidents(positions_s: Floats, prob: Floats, policy: Policy) -> list[Incident]:
    """The incidents as they started, oldest first: `start_s` is the position of the sample that raised each."""
    tracker = IncidentTracker(
        threshold=policy.threshold, release=policy.release, cooldown_s=policy.cooldown, new_id=lambda: "inc"
    )
    return [
        transition.incident
        for place in _places_that_matter(prob, policy.threshold, tracker)
        for transition in tracker.feed(float(positions_s[place]), float(prob[place]))
        if transition.state is IncidentState.STARTED
    ]


def starts_s(recording: Recording, policy: Policy) -> list[float]:
    """Where the incidents started: sampling, smoothing and incidents by the policy."""
    thinned = recording.at_rate(policy.fps)
    return [one.start_s for one in incidents(thinned.positions_s, smoothed(thinned, policy.window), policy)]


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
