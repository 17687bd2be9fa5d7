"""What one-off media comes to: the detector's word on each of its samples."""

from dataclasses import dataclass

from inference.taxonomy import Taxonomy
from stream.sample import SourceInfo


@dataclass(frozen=True, slots=True)
class Look:
    """One sample and what the detector says of it."""

    position_s: float
    gore: Taxonomy


@dataclass(frozen=True, slots=True)
class Looked:
    """All samples of one media, in the order of their positions."""

    looks: tuple[Look, ...]
    info: SourceInfo | None
    """None if it ended before its first frame."""
