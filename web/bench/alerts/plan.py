"""What the generated timelines show, and when: shots of stills, cut hard one after the other.

Ordinary timelines come in two styles: `edited`, shots of 2 to 8 s, and `held`, shots of 15 to 90 s as from a camera
that stays where it is. A third style, `passages`, is edited ordinary material with one shot of gore spliced in after
each gap of 10 to 16 s, long enough for an incident to end before the next passage.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Style = Literal["edited", "held", "passages"]

LENGTHS_S = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
"""How long gore is seen."""
TIMELINE_S = 600.0
PASSAGE_FPS = 12
"""Frames a second around passages: what delays are resolved to. A multiple of every sampling rate that is replayed."""
_FEW_FPS, _MANY_FPS = 2, 4
"""Ordinary timelines have no more frames than are sampled; one pair in four is sampled at the higher rate."""
_PASSAGES_A_TIMELINE = 40
_GAP_S = (10, 16)
_SHOT_S: dict[Style, tuple[float, float]] = {"edited": (2.0, 8.0), "held": (15.0, 90.0), "passages": (2.0, 8.0)}
_LEAST_SHOT_S = 1.0


@dataclass(frozen=True, slots=True)
class Still:
    """One picture; `file` is relative to the folder of the material."""

    file: str
    category: str
    gore: bool
    hard: bool = False
    """A negative that looks like gore in some way."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A still that is seen, moving, from `start_s` until `end_s` of media time."""

    still: Still
    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        # Rounded, so that a length can be looked up.
        return round(self.end_s - self.start_s, 6)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Shots without holes from 0 on, each a whole number of frames at `fps`."""

    number: int
    style: Style
    fps: int
    shots: tuple[Shot, ...]
    seed: int
    """Of its motion, noise and compression."""

    @property
    def duration_s(self) -> float:
        return self.shots[-1].end_s

    @property
    def passages(self) -> tuple[Shot, ...]:
        return tuple(shot for shot in self.shots if shot.still.gore)

    def at(self, position_s: float) -> Shot:
        """The shot that is seen then."""
        # A stamp may have been rounded to just before its frame's true place.
        place = bisect_right(self.shots, position_s + 0.25 / self.fps, key=lambda shot: shot.start_s)
        return self.shots[max(0, place - 1)]


class Mix:
    """Deals ordinary stills, `hard_share` of them hard; each of a kind is seen once before any is seen again."""

    def __init__(self, stills: Sequence[Still], hard_share: float, rng: np.random.Generator) -> None:
        """Raises ValueError when there is nothing to deal."""
        self._rng = rng
        self._plain = [still for still in stills if not still.hard]
        self._hard = [still for still in stills if still.hard]
        if not stills:
            raise ValueError("there is no ordinary still")
        self._hard_share = 1.0 if not self._plain else 0.0 if not self._hard else hard_share
        self._decks: dict[bool, list[Still]] = {True: [], False: []}

    def next(self) -> Still:
        hard = bool(self._rng.uniform() < self._hard_share)
        deck = self._decks[hard]
        if not deck:
            deck += _shuffled(self._hard if hard else self._plain, self._rng)
        return deck.pop()


def ordinary_timelines(hours: float, mix: Mix, rng: np.random.Generator) -> list[Timeline]:
    """Timelines of ten minutes, the last one shorter, edited and held in turns."""
    timelines: list[Timeline] = []
    left_s = hours * 3600.0
    while left_s >= _LEAST_SHOT_S:
        number = len(timelines)
        style: Style = "held" if number % 2 else "edited"
        fps = _MANY_FPS if number // 2 % 4 == 0 else _FEW_FPS
        frames = round(min(left_s, TIMELINE_S) * fps)
        timelines.append(Timeline(number, style, fps, tuple(_shots(0, frames, style, fps, mix, rng)), _seed(rng)))
        left_s -= TIMELINE_S
    return timelines


def passage_timelines(
    gore: Sequence[Still], each: int, mix: Mix, rng: np.random.Generator, *, first_number: int
) -> list[Timeline]:
    """Timelines with `each` passages of every length of `LENGTHS_S`, in random order."""
    wanted = [(length_s, still) for length_s in LENGTHS_S for still in dealt_by_category(gore, each, rng)]
    wanted = [wanted[place] for place in rng.permutation(len(wanted))]
    timelines: list[Timeline] = []
    for at in range(0, len(wanted), _PASSAGES_A_TIMELINE):
        shots = _with_passages(wanted[at : at + _PASSAGES_A_TIMELINE], mix, rng)
        timelines.append(Timeline(first_number + len(timelines), "passages", PASSAGE_FPS, tuple(shots), _seed(rng)))
    return timelines


def dealt_by_category(stills: Sequence[Still], count: int, rng: np.random.Generator) -> list[Still]:
    """`count` stills; a category's share grows with the square root of its size, so that no large one drowns others.

    None is dealt twice before all of its category were dealt once. Raises ValueError when there are no stills.
    """
    by_category: dict[str, list[Still]] = defaultdict(list)
    for still in stills:
        by_category[still.category].append(still)
    names = sorted(by_category)
    if not names:
        raise ValueError("there is no still of gore")
    weights = np.sqrt([len(by_category[name]) for name in names])
    exact = count * weights / weights.sum()
    shares = np.floor(exact).astype(int)
    # What rounding left over goes by lot, so that small categories get their turn in some of many deals.
    left = count - int(shares.sum())
    if left:
        odds = exact - shares
        for place in rng.choice(len(names), left, replace=False, p=odds / odds.sum()):
            shares[place] += 1
    dealt: list[Still] = []
    for name, share in zip(names, shares.tolist(), strict=True):
        deck: list[Still] = []
        while len(deck) < share:
            deck += _shuffled(by_category[name], rng)
        dealt += deck[:share]
    return dealt


def _with_passages(wanted: Sequence[tuple[float, Still]], mix: Mix, rng: np.random.Generator) -> list[Shot]:
    shots: list[Shot] = []
    frame = 0
    for length_s, still in wanted:
        # A whole number of frames: passages begin anywhere between two samples.
        gap = int(rng.integers(_GAP_S[0] * PASSAGE_FPS, _GAP_S[1] * PASSAGE_FPS))
        shots += _shots(frame, gap, "passages", PASSAGE_FPS, mix, rng)
        frame += gap
        frames = round(length_s * PASSAGE_FPS)
        shots.append(Shot(still, frame / PASSAGE_FPS, (frame + frames) / PASSAGE_FPS))
        frame += frames
    return [*shots, *_shots(frame, _GAP_S[0] * PASSAGE_FPS, "passages", PASSAGE_FPS, mix, rng)]


def _shots(first: int, count: int, style: Style, fps: int, mix: Mix, rng: np.random.Generator) -> list[Shot]:
    """Ordinary shots that fill `count` frames from frame `first` on."""
    low_s, high_s = _SHOT_S[style]
    least = round(_LEAST_SHOT_S * fps)
    shots = []
    frame, end = first, first + count
    while frame < end:
        after = frame + round(rng.uniform(low_s, high_s) * fps)
        if end - after < least:
            after = end
        shots.append(Shot(mix.next(), frame / fps, after / fps))
        frame = after
    return shots


def _shuffled(stills: Sequence[Still], rng: np.random.Generator) -> list[Still]:
    return [stills[place] for place in rng.permutation(len(stills))]


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(1 << 31))
