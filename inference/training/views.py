"""What one pass of the training shows: pictures, and ordinary pictures with stains laid over them, as views."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

import numpy as np
from PIL import Image

from inference.training import augment, stains
from inference.training.data import Picture, Split, load_picture, one_pass
from inference.training.degrade import degraded
from inference.training.overlays import overlaid
from inference.training.stains import Mask, Rgb

_GROUNDS = ("ordinary_imagenet", "ordinary_bsds", "ordinary_coco")
_STAINED = (*_GROUNDS, "people_faces", "skin_hands", "skin_closeup", "clothing", "street_frames", "surveillance")
_STAIN_CATEGORIES = ("blood_pattern_white", "blood_sprite", "blood_stain")
_INSET_SHARE = 0.18
_BLOOD_SHARE, _PAINT_SHARE, _ABSTRACT_SHARE, _RED_SHARE = 0.085, 0.06, 0.035, 0.025
"""Stained, painted, drawn and red-shaped extras, for each picture of a pass."""


class Kind(Enum):
    PLAIN = auto()
    VARIED = auto()
    BLOOD = auto()
    PAINT = auto()
    RED = auto()
    ABSTRACT = auto()


@dataclass(frozen=True, slots=True)
class View:
    """One thing to show. `sources` are all that it is made of, so that a source can be left out wholly."""

    kind: Kind
    gore: bool
    seed: tuple[int, ...]
    picture: Picture | None = None
    ground: Picture | None = None
    stain: Picture | None = None

    @property
    def sources(self) -> frozenset[str]:
        return frozenset(part.source for part in (self.picture, self.ground, self.stain) if part is not None)


def plain_views(pictures: list[Picture]) -> list[View]:
    """Each picture as the service would see it."""
    return [View(Kind.PLAIN, picture.gore, (0,), picture) for picture in pictures]


def training_views(pictures: list[Picture], number: int, seed: int) -> list[View]:
    """The views of pass `number`, shuffled."""
    rng = np.random.default_rng([seed, number])
    shown = one_pass(pictures, rng)
    grounds = [picture for picture in pictures if picture.split == "train" and picture.category in _GROUNDS]
    views = [
        View(
            Kind.VARIED,
            picture.gore,
            (seed, number, index),
            picture,
            ground=_pick(grounds, rng) if rng.random() < _INSET_SHARE else None,
        )
        for index, picture in enumerate(shown)
    ]
    views += extra_views(pictures, "train", len(shown), (seed, number, 1))
    return [views[index] for index in rng.permutation(len(views))]


def extra_views(pictures: list[Picture], split: Split, count: int, seed: tuple[int, ...]) -> list[View]:
    """Stained, painted, red-shaped and drawn views to go with `count` pictures of the split."""
    rng = np.random.default_rng(seed)
    of_split = [picture for picture in pictures if picture.split == split]
    bases = [picture for picture in of_split if picture.category in _STAINED]
    cut = [picture for picture in of_split if picture.category in _STAIN_CATEGORIES]
    shares = {
        Kind.BLOOD: _BLOOD_SHARE,
        Kind.PAINT: _PAINT_SHARE,
        Kind.ABSTRACT: _ABSTRACT_SHARE,
        Kind.RED: _RED_SHARE,
    }
    views = []
    for kind, share in shares.items():
        for index in range(round(share * count)):
            stained = kind in (Kind.BLOOD, Kind.PAINT)
            base = None if kind is Kind.ABSTRACT or (stained and rng.random() < 0.2) else _pick(bases, rng)
            stain = _pick(cut, rng) if stained and rng.random() < 0.4 else None
            views.append(View(kind, kind is Kind.BLOOD, (*seed, kind.value, index), base, stain=stain))
    return views


def _pick(pictures: list[Picture], rng: np.random.Generator) -> Picture:
    return pictures[int(rng.integers(len(pictures)))]


def render(folder: Path, view: View) -> Rgb:
    """The view's pixels, uint8 224 × 224 × 3."""
    if view.kind is Kind.PLAIN:
        assert view.picture is not None
        return augment.plain_view(load_picture(folder, view.picture))
    rng = np.random.default_rng(view.seed)
    if view.picture is None:
        picture = augment.abstract(rng)
    else:
        # What makes a picture gore must stay inside the crop.
        least_area = 0.55 if view.gore else 0.35
        picture = augment.geometry(load_picture(folder, view.picture), rng, least_area=least_area)
    if view.kind in (Kind.BLOOD, Kind.PAINT):
        picture = _stained(folder, view, picture, rng)
    elif view.kind is Kind.RED:
        picture = augment.red_shapes(picture, rng)
    other = None
    if view.ground is not None:
        around = augment.geometry(load_picture(folder, view.ground), rng, least_area=0.4)
        if rng.random() < 0.6:
            # An inset is small enough as it is: nothing more comes around it.
            return degraded(np.asarray(augment.inset(picture, around, rng), np.uint8), rng)
        other = np.asarray(around, np.uint8)
    if not view.gore and rng.random() < 0.03:
        picture = augment.red_light(picture, rng)
    return degraded(overlaid(np.asarray(picture, np.uint8), rng, other), rng)


def _stained(folder: Path, view: View, picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    colour = stains.blood_colour(rng) if view.kind is Kind.BLOOD else stains.other_colour(rng)
    mask = _mask(folder, view, rng)
    return Image.fromarray(stains.lay_over(np.asarray(picture, np.uint8), mask, colour, rng))


_LEAST_COVERED, _MOST_COVERED = 0.025, 0.6


def _mask(folder: Path, view: View, rng: np.random.Generator) -> Mask:
    """A stain that covers a part of the frame that a person would notice."""
    side = augment.SIDE_PX
    for mask in _candidates(folder, view, rng):
        if _LEAST_COVERED < float((mask > 0.35).mean()) < _MOST_COVERED:
            return mask
    full = np.zeros((side, side), np.float32)
    full[side // 4 : side * 3 // 4, side // 4 : side * 3 // 4] = stains.drawn_stain(side // 2, rng)
    return full


def _candidates(folder: Path, view: View, rng: np.random.Generator) -> Iterator[Mask]:
    side = augment.SIDE_PX
    cut = stains.cut_stain(load_picture(folder, view.stain)) if view.stain is not None else None
    if cut is not None:
        for _ in range(4):
            size = int(side * rng.uniform(0.35, 1.0))
            small = Image.fromarray((cut * 255).astype(np.uint8)).resize((size, size), Image.Resampling.BILINEAR)
            placed = Image.new("L", (side, side), 0)
            placed.paste(small, (int(rng.integers(0, side - size + 1)), int(rng.integers(0, side - size + 1))))
            yield np.asarray(placed, np.float32) / 255.0
    for _ in range(8):
        yield stains.drawn_stain(side, rng)
