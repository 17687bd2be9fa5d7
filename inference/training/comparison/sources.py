"""Which pictures a comparison asks about, by the fold that leaves their sources out."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference.training.folds import Fold, leave_out
from inference.training.picture import DataError, Picture

Rows = npt.NDArray[np.intp]
_SEED = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """All pictures, the folds that are run by their numbers, from 1, and the rows that are measured, in drawn order."""

    pictures: list[Picture]
    folds: dict[int, Fold]
    drawn: Rows

    def held(self, number: int) -> Rows:
        """The rows that the fold asks about."""
        return self._of(lambda picture: self.folds[number].holds(picture))

    def known(self, number: int) -> Rows:
        """The validation rows that a network of the fold is calibrated on."""
        return self._of(lambda picture: picture.split == "val" and self.folds[number].shows(picture))

    def taught(self, number: int) -> Rows:
        """The training rows that a head of the fold learns from."""
        return self._of(lambda picture: picture.split == "train" and self.folds[number].shows(picture))

    def rows(self) -> Rows:
        """All rows that some fold asks about."""
        return self._of(lambda picture: any(fold.holds(picture) for fold in self.folds.values()))

    def sources(self) -> list[tuple[int, list[str]]]:
        """What each fold leaves out, in an order that never changes."""
        return [(number, sorted(fold.sources)) for number, fold in self.folds.items()]

    def gore(self, rows: Rows) -> npt.NDArray[np.bool_]:
        """The labels of the rows."""
        return np.array([self.pictures[row].gore for row in rows], np.bool_)

    def _of(self, wanted: Callable[[Picture], bool]) -> Rows:
        return np.array([row for row in self.drawn if wanted(self.pictures[row])], np.intp)


def asked(pictures: list[Picture], folds: int, *, only: Collection[int] = (), count: int | None = None) -> Asked:
    """`count` pictures drawn from all of them, the same for every comparison; and the folds, or `only` some of them.

    Raises `DataError` for a fold that is not there, and where a fold lacks a kind of picture that it needs.
    """
    numbered = dict(enumerate(leave_out(pictures, folds), 1))
    absent = sorted(set(only) - set(numbered))
    if absent:
        raise DataError(f"there is no fold {absent[0]}: --only-folds takes numbers from 1 to {len(numbered)}")
    chosen = {number: fold for number, fold in numbered.items() if not only or number in only}
    drawn = np.random.default_rng(_SEED).permutation(len(pictures))[:count]
    result = Asked(pictures, chosen, drawn)
    for number in chosen:
        for rows in (result.known(number), result.taught(number)):
            if len(set(result.gore(rows).tolist())) < 2:
                raise DataError(f"fold {number} has not both kinds of pictures to learn from: raise --pictures")
    if len(set(result.gore(result.rows()).tolist())) < 2:
        raise DataError("the folds have not both kinds of pictures to ask about: name more with --only-folds")
    return result
