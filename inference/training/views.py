"""What one pass of the training shows: pictures, and ordinary pictures with something laid over them, as recipes."""

from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from inference.training.data import Picture, Split, one_pass

_GROUNDS = ("ordinary_imagenet", "ordinary_bsds", "ordinary_coco")
_PEOPLE = ("people_faces", "skin_hands", "skin_closeup")
_SCENES = (
    *_GROUNDS,
    *("clothing", "street_frames", "surveillance", "fight_no_blood", "film_no_blood", "weapons", "animals"),
    *("game_graphics", "objects_on_white"),
)
_FOOD = ("food_dishes", "food_produce", "food_meat")
_CUT_FROM = ("blood_pattern_white", "blood_sprite", "blood_stain")
_OTHER_SHARE, _CUT_SHARE, _FACE_SHARE = 0.18, 0.25, 0.3


class Kind(Enum):
    """How a view is made."""

    PLAIN = auto()
    """As the service would see the picture."""
    VARIED = auto()
    """Cropped, turned, overlaid and degraded, as all of the following are."""
    BLOOD = auto()
    WOUND = auto()
    FLESH = auto()
    SKULL = auto()
    PAINT = auto()
    """Blood's shapes in other colours."""
    MOULD = auto()
    """Flesh's shapes in other materials."""
    SAUCE = auto()
    RED = auto()
    SHAPES = auto()
    ABSTRACT = auto()


LAID_OVER = {Kind.BLOOD: "blood", Kind.WOUND: "wound", Kind.FLESH: "organ", Kind.SKULL: "skull"}
"""The kinds that make gore of an ordinary picture, and the class that they add."""

_EXTRAS: dict[Kind, float] = {
    Kind.BLOOD: 0.26,
    Kind.WOUND: 0.07,
    Kind.FLESH: 0.03,
    Kind.SKULL: 0.03,
    Kind.PAINT: 0.13,
    Kind.MOULD: 0.03,
    Kind.SAUCE: 0.05,
    Kind.RED: 0.1,
    Kind.SHAPES: 0.02,
    Kind.ABSTRACT: 0.04,
}
"""Views of each kind for each picture of a pass."""


@dataclass(frozen=True, slots=True)
class View:
    """One thing to show. `parts` are all that it is made of, so that a source can be left out wholly."""

    kind: Kind
    seed: tuple[int, ...]
    picture: Picture | None = None
    other: Picture | None = None
    """An ordinary picture around or beside it."""
    stain: Picture | None = None
    """A picture of blood on white, to cut the stain from."""

    @property
    def parts(self) -> tuple[Picture, ...]:
        return tuple(part for part in (self.picture, self.other, self.stain) if part is not None)


@dataclass(frozen=True, slots=True)
class Probe(View):
    """A picture as it is, with something laid over a given share of it and nothing else done: for measuring."""

    share: float = 0.0


def probe_views(pictures: list[Picture], count: int, seed: int) -> dict[str, list[View]]:
    """Probes on validation pictures, by what they ask: small stains of blood and of paint, bloody faces, wounds."""
    rng = np.random.default_rng([seed, 20_000])
    of_split = [picture for picture in pictures if picture.split == "val"]
    scenes = [picture for picture in of_split if picture.category in _GROUNDS]
    faces = [picture for picture in of_split if picture.category == "people_faces"]
    asked = {
        "blood over 1 to 5 %": (Kind.BLOOD, scenes, 0.01, 0.05),
        "blood over 5 to 25 %": (Kind.BLOOD, scenes, 0.05, 0.25),
        "bloody faces": (Kind.BLOOD, faces, 0.03, 0.25),
        "paint over 1 to 5 %": (Kind.PAINT, scenes, 0.01, 0.05),
        "paint over 5 to 25 %": (Kind.PAINT, scenes, 0.05, 0.25),
        "painted faces": (Kind.PAINT, faces, 0.03, 0.25),
    }
    return {
        name: [
            Probe(
                kind,
                (seed, 20_000, number, index),
                _pick(bases, rng),
                share=float(np.exp(rng.uniform(np.log(low), np.log(high)))),
            )
            for index in range(count if bases else 0)
        ]
        for number, (name, (kind, bases, low, high)) in enumerate(asked.items())
    }


def plain_views(pictures: list[Picture]) -> list[View]:
    """Each picture as the service would see it."""
    return [View(Kind.PLAIN, (0,), picture) for picture in pictures]


def training_views(pictures: list[Picture], number: int, seed: int) -> list[View]:
    """The views of pass `number`, shuffled."""
    rng = np.random.default_rng([seed, number])
    shown = one_pass(pictures, rng)
    others = [picture for picture in pictures if picture.split == "train" and picture.category in _GROUNDS]
    views = [
        View(
            Kind.VARIED,
            (seed, number, index),
            picture,
            other=_pick(others, rng) if others and rng.random() < _OTHER_SHARE else None,
        )
        for index, picture in enumerate(shown)
    ]
    views += extra_views(pictures, "train", len(shown), (seed, number, 1))
    return [views[index] for index in rng.permutation(len(views))]


def extra_views(pictures: list[Picture], split: Split, count: int, seed: tuple[int, ...]) -> list[View]:
    """The views of the other kinds that go with `count` pictures of the split."""
    rng = np.random.default_rng(seed)
    of_split = [picture for picture in pictures if picture.split == split]
    cut = [picture for picture in of_split if picture.category in _CUT_FROM]
    views = []
    for kind, share in _EXTRAS.items():
        bases = _bases(of_split, kind)
        people = [picture for picture in bases if picture.category in _PEOPLE]
        for index in range(round(share * count)):
            base = _pick(people if people and rng.random() < _FACE_SHARE else bases, rng) if bases else None
            stained = kind in (Kind.BLOOD, Kind.PAINT) and cut and rng.random() < _CUT_SHARE
            views.append(View(kind, (*seed, kind.value, index), base, stain=_pick(cut, rng) if stained else None))
    return views


def _bases(pictures: list[Picture], kind: Kind) -> list[Picture]:
    """What a kind is laid over."""
    if kind is Kind.ABSTRACT:
        return []
    wanted: tuple[str, ...] = _FOOD if kind is Kind.SAUCE else (*_SCENES, *_PEOPLE)
    if kind is Kind.WOUND:
        wanted = (*_PEOPLE, "skin_tattoo", "clothing", "ordinary_coco", "animals")
    return [picture for picture in pictures if picture.category in wanted]


def on_skin(picture: Picture) -> bool:
    """Whether somebody's face or skin is in the middle of it."""
    return picture.category in _PEOPLE


def _pick(pictures: list[Picture], rng: np.random.Generator) -> Picture:
    return pictures[int(rng.integers(len(pictures)))]
