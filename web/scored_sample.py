"""Samples that were scored where they were decoded, as hosts of a cluster send them."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from inference.taxonomy import Taxonomy
from stream.sample import Pixels, Sample

from .showing import Picture, Plain


@dataclass(frozen=True, slots=True, eq=False)
class Jpeg:
    """A `Picture` as a host of ours has compressed it, of pixels that a worker of its had decoded."""

    data: bytes

    @property
    def pixels(self) -> Pixels:
        with Image.open(io.BytesIO(self.data), formats=("JPEG",)) as picture:
            return np.asarray(picture.convert("RGB"))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ScoredSample(Sample):
    """Its pixels stayed where they were and are empty here."""

    raw: float
    """Its score."""
    taxonomy: Taxonomy | None = None
    """All that the detector tells of it, where that was asked for."""
    picture: Jpeg | None = None
    """Of a few of them."""


def shown_by(sample: Sample) -> Picture | None:
    """A copy of a sample's pixels, or what came with it in their place."""
    return sample.picture if isinstance(sample, ScoredSample) else Plain(sample.pixels.copy())
