"""One labelled picture of the training data, and what is said when the data cannot be used."""

from dataclasses import dataclass
from typing import Literal

Split = Literal["train", "val"]


class DataError(ValueError):
    """The folder or what was asked of it cannot be used. The message is one line that says what to do about it."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


@dataclass(frozen=True, slots=True)
class Picture:
    """One row of the folder's manifest.csv."""

    file: str
    """Where it lies below the folder, with forward slashes."""
    gore: bool
    category: str
    source: str
    """The collection that the picture comes from; whole sources are left out to see how the detector generalises."""
    licence: str
    split: Split
    repository: str = ""
    """The repository that it was taken from; several with pictures of one origin are one source."""
    path: str = ""
    """Its name there, which often tells the operation, patient or film."""
    group: str = ""
    """What must lie on one side of every split: one patient, film, figure of its source; empty if not sought."""
    copies: str = ""
    """The picture, of whatever source, that it is a near-duplicate of and that goes for all of them; empty if none."""
