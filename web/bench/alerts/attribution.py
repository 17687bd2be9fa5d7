"""Which incident belongs to which passage, which are false, and which still is to blame.

An incident that starts within a passage, or at most a second after its end, has found it: smoothing lags. A second one
in the same place is a repeat. An incident that starts anywhere else is false. A passage that begins while another
incident is open may raise none of its own; it then counts as missed, and as covered.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .plan import Shot, Still, Timeline
from .replay import Recording, Span

GRACE_S = 1.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of a passage."""

    shot: Shot
    delay_s: float | None
    """From its first frame to the sample that raised the incident; None: missed."""
    covered: bool = False
    """Missed because an incident was open already."""


@dataclass(frozen=True, slots=True)
class FalseAlarm:
    position_s: float
    still: Still
    """What was seen at the highest score within the window before it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one timeline under one policy."""

    timeline: Timeline
    passages: tuple[Seen, ...]
    false: tuple[FalseAlarm, ...]
    repeats: int


def attribute(recording: Recording, spans: Sequence[Span], window_s: float) -> Verdict:
    """The verdict on a timeline with these incidents, oldest first."""
    timeline = recording.timeline
    delays: dict[Shot, float] = {}
    false = []
    repeats = 0
    for span in spans:
        start_s = span.start_s
        passage = _passage_at(timeline, start_s)
        if passage is None:
            false.append(FalseAlarm(start_s, blamed(recording, start_s, window_s)))
        elif passage in delays:
            repeats += 1
        else:
            delays[passage] = start_s - passage.start_s
    seen = tuple(
        Seen(shot, delays.get(shot), covered=shot not in delays and _open_at(shot.start_s, spans))
        for shot in timeline.passages
    )
    return Verdict(timeline, seen, tuple(false), repeats)


def blamed(recording: Recording, start_s: float, window_s: float) -> Still:
    """The still that was seen at the highest score of the window that ends at `start_s`."""
    positions_s = recording.positions_s
    low = int(np.searchsorted(positions_s, start_s - window_s, side="right"))
    high = int(np.searchsorted(positions_s, start_s, side="right"))
    place = low + int(np.argmax(recording.raw[low:high]))
    return recording.timeline.at(float(positions_s[place])).still


def _open_at(position_s: float, spans: Sequence[Span]) -> bool:
    return any(span.start_s < position_s < span.until_s for span in spans)


def _passage_at(timeline: Timeline, position_s: float) -> Shot | None:
    rounding_s = 0.25 / timeline.fps
    for shot in timeline.passages:
        if shot.start_s - rounding_s <= position_s <= shot.end_s + GRACE_S + rounding_s:
            return shot
    return None
