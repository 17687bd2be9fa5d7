"""What a stream looks like, as whoever shows or keeps it gets it. Pure."""

from dataclasses import dataclass
from typing import Protocol

from stream.sample import Pixels


class Picture(Protocol):
    """Does not change. Of some the pixels are made when they are asked for, which takes a moment."""

    @property
    def pixels(self) -> Pixels: ...


@dataclass(frozen=True, slots=True, eq=False)
class Plain:
    """A `Picture` that is there."""

    pixels: Pixels
