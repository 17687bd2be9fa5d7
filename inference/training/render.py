"""A view's recipe to pixels, with what is to be learnt from them."""

from pathlib import Path

import numpy as np
from PIL import Image

from inference.training import augment, compose, flesh, lesions, lookalikes, skulls, stains, targets
from inference.training.data import load_picture
from inference.training.degrade import degraded
from inference.training.overlays import overlaid
from inference.training.stains import Mask, Rgb
from inference.training.targets import Rendered
from inference.training.views import LAID_OVER, Kind, Probe, View, on_skin

_CLEAN_SHARE = 0.3
"""How many views are neither overlaid nor degraded."""
_LEAST_SHARE, _MOST_SHARE = 0.008, 0.4
"""Of the frame that something laid over a picture covers; as many of one octave as of another."""
_LEAST_AREA_GORE, _LEAST_AREA = 0.55, 0.35
"""Of a picture that a crop keeps. What makes a picture gore must stay inside."""


def render(folder: Path, view: View) -> Rendered:
    """The view as it is shown, uint8 224 × 224 × 3, with its targets. The same view gives the same again."""
    if view.kind is Kind.PLAIN:
        assert view.picture is not None
        pixels = augment.plain_view(load_picture(folder, view.picture))
        return _said(view, pixels, gore=view.picture.gore)
    rng = np.random.default_rng(view.seed)
    gore = view.picture is not None and view.picture.gore
    if isinstance(view, Probe):
        return _probe(folder, view, rng)
    if view.picture is None:
        picture = augment.abstract(rng)
    else:
        least = _LEAST_AREA_GORE if gore else _LEAST_AREA
        picture = augment.geometry(load_picture(folder, view.picture), rng, least_area=least)
    if view.kind in LAID_OVER:
        return _laid_over(folder, view, np.asarray(picture, np.uint8), rng)
    return _said(view, _framed(folder, view, _changed(folder, view, picture, rng), rng), gore=gore)


def _said(view: View, pixels: Rgb, *, gore: bool) -> Rendered:
    """Where the gore of a whole picture lies is unknown; where there is none, it lies nowhere."""
    category = view.picture.category if view.picture is not None else ""
    classes = targets.class_targets(category, gore=gore)
    return Rendered(pixels, gore, classes, targets.all_cells(targets.UNKNOWN if gore else 0.0))


def _share(rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(np.log(_LEAST_SHARE), np.log(_MOST_SHARE))))


def _laid_over(folder: Path, view: View, ground: Rgb, rng: np.random.Generator) -> Rendered:
    """Gore laid over an ordinary picture. Where it could not be seen the picture stays ordinary."""
    share = _share(rng)
    if view.kind is Kind.BLOOD:
        face = view.picture is not None and on_skin(view.picture)
        pixels, mask = compose.bloodied(ground, rng, share=share, mask=_cut(folder, view), face=face)
    elif view.kind is Kind.WOUND:
        pixels, mask = lesions.wounded(ground, rng, share=share)
    elif view.kind is Kind.FLESH:
        pixels, mask = flesh.gutted(ground, rng, share=max(share, 0.02))
    else:
        pixels, mask = skulls.skulled(ground, rng, share=max(share, 0.03))
    if mask.max() == 0.0:
        return _said(view, pixels, gore=False)
    # Half keep their place, so that the map learns where; the others are moved about like any picture.
    kept = rng.random() < 0.5
    if rng.random() >= _CLEAN_SHARE:
        pixels = degraded(overlaid(pixels, rng, in_place=kept), rng, in_place=kept)
        cells = targets.cell_targets(mask) if kept else targets.all_cells(targets.UNKNOWN)
    else:
        cells = targets.cell_targets(mask)
    below = targets.class_targets(view.picture.category if view.picture is not None else "", gore=False)
    return Rendered(pixels, True, targets.laid_over(LAID_OVER[view.kind], below), cells)


def _probe(folder: Path, view: Probe, rng: np.random.Generator) -> Rendered:
    """Blood or paint over a share of the picture. Blood that could not be seen leaves an ordinary picture."""
    assert view.picture is not None
    ground = augment.plain_view(load_picture(folder, view.picture))
    if view.kind is Kind.PAINT:
        return _said(view, compose.painted(ground, rng, share=view.share), gore=False)
    pixels, mask = compose.bloodied(ground, rng, share=view.share, face=on_skin(view.picture))
    if mask.max() == 0.0:
        return _said(view, pixels, gore=False)
    below = targets.class_targets(view.picture.category, gore=False)
    return Rendered(pixels, True, targets.laid_over("blood", below), targets.cell_targets(mask))


def _cut(folder: Path, view: View) -> Mask | None:
    return stains.cut_stain(load_picture(folder, view.stain)) if view.stain is not None else None


def _changed(folder: Path, view: View, picture: Image.Image, rng: np.random.Generator) -> Rgb:
    """The picture with what leaves its label as it is."""
    pixels = np.asarray(picture, np.uint8)
    match view.kind:
        case Kind.PAINT:
            return compose.painted(pixels, rng, share=_share(rng), mask=_cut(folder, view))
        case Kind.MOULD:
            return flesh.moulded(pixels, rng, share=max(_share(rng), 0.02))
        case Kind.SAUCE:
            return lookalikes.sauced(pixels, rng)
        case Kind.RED:
            return lookalikes.reddened(pixels, rng, face=view.picture is not None and on_skin(view.picture))
        case Kind.SHAPES:
            return np.asarray(augment.red_shapes(picture, rng), np.uint8)
    return pixels


def _framed(folder: Path, view: View, pixels: Rgb, rng: np.random.Generator) -> Rgb:
    """The pixels as video brings them: in or beside another picture, overlaid, degraded."""
    other = None
    if view.other is not None:
        around = augment.geometry(load_picture(folder, view.other), rng, least_area=0.4)
        if rng.random() < 0.6:
            # An inset is small enough as it is: nothing more comes around it.
            return degraded(np.asarray(augment.inset(Image.fromarray(pixels), around, rng), np.uint8), rng)
        other = np.asarray(around, np.uint8)
    elif rng.random() < _CLEAN_SHARE:
        return pixels
    return degraded(overlaid(pixels, rng, other), rng)
