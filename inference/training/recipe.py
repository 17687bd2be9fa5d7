"""The runs of a training: all sources, sources left out, one after the other on the same stored views."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from torch import nn

from inference.calibrate import Platt
from inference.evaluation.markdown import NONE
from inference.evaluation.metrics import Flags, Floats, figures
from inference.training.calibration import fit_platt
from inference.training.choose import licence_kind
from inference.training.features import Shown
from inference.training.folds import leave_out
from inference.training.keep import kept_tail
from inference.training.network import Tail
from inference.training.picture import Picture
from inference.training.train import Recipe, Rows, predict, train_tail
from inference.training.views import View

Pass = tuple[list[View], Shown]


@dataclass(frozen=True, slots=True)
class Runs:
    """What all runs share. `plain` are all pictures as they are."""

    network: nn.Module
    recipe: Recipe
    pictures: list[Picture]
    plain: Shown
    scratch: Path
    seed: int

    def tail(self, passes: Sequence[Pass], label: str, rows: Sequence[Rows] | None = None) -> Tail:
        """A tail trained on the passes, on the given rows of each if not on all."""
        chosen = rows if rows is not None else [np.arange(len(views)) for views, _ in passes]
        shown = [(each, [views[row] for row in part]) for (views, each), part in zip(passes, chosen, strict=True)]
        return kept_tail(
            self.scratch,
            (self.recipe, self.seed, [views for _, views in shown]),
            lambda: Tail(self.network, blocks=self.recipe.trunk_blocks, pooling=self.recipe.pooling),
            lambda: train_tail(
                self.network,
                [(each, part) for (each, _), part in zip(shown, chosen, strict=True)],
                self.recipe,
                seed=self.seed,
                label=label,
            ),
        )

    def probabilities(self, tail: Tail, rows: Rows, platt: Platt) -> npt.NDArray[np.float32]:
        """Of the pictures `rows`."""
        return platt.probability(predict(tail, self.plain.cells[rows]).gore)

    def platt(self, tail: Tail, known: Rows) -> Platt:
        """Fitted on the pictures `known`."""
        gore = np.array([self.pictures[row].gore for row in known], np.bool_)
        return fit_platt(predict(tail, self.plain.cells[known]).gore, gore)


def sources_left_out(runs: Runs, shown: Pass, views: int, folds: int) -> npt.NDArray[np.float32]:
    """The probability of every picture by a tail that saw nothing of its source, nor was calibrated on it.

    Each of the tails is shown what it may see of the first `views` views.
    """
    prob = np.zeros(len(runs.pictures), np.float32)
    for number, fold in enumerate(leave_out(runs.pictures, folds), 1):
        allowed = [all(fold.shows(part) for part in view.parts) for view in shown[0][:views]]
        tail = runs.tail([shown], f"without fold {number} of {folds}", [np.flatnonzero(allowed)])
        held = np.flatnonzero([fold.holds(picture) for picture in runs.pictures])
        known = np.flatnonzero([picture.split == "val" and fold.shows(picture) for picture in runs.pictures])
        prob[held] = runs.probabilities(tail, held, runs.platt(tail, known))
    return prob


def licence_cost(runs: Runs, shown: Pass, views: int) -> str:
    """Markdown: what leaving out sources of unclear rights costs, on validation pictures of all and of the others."""
    clear = np.array([licence_kind(picture.licence) != "unclear" for picture in runs.pictures])
    val = np.array([picture.split == "val" for picture in runs.pictures])
    seen = shown[0][:views]
    without = [all(licence_kind(part.licence) != "unclear" for part in view.parts) for view in seen]
    gore = np.array([picture.gore for picture in runs.pictures])
    lines = ["| trained on | views | F1, all pictures | F1, sources of clear terms |", "| --- | ---: | ---: | ---: |"]
    for name, rows, fitted in (
        ("all sources", np.arange(len(seen)), val),
        ("sources of clear terms", np.flatnonzero(without), val & clear),
    ):
        tail = runs.tail([shown], f"licences: {name}", [rows])
        platt = runs.platt(tail, np.flatnonzero(fitted))
        found = []
        for asked in (val, val & clear):
            at = np.flatnonzero(asked)
            found.append(_f1(runs.probabilities(tail, at, platt), gore[at]))
        lines.append(f"| {name} | {len(rows)} | {found[0]} | {found[1]} |")
    return "\n".join(lines)


def _f1(prob: Floats, gore: Flags) -> str:
    """As a cell of a table; there may be no such picture."""
    value = figures(prob, gore).f1 if gore.any() else np.nan
    return NONE if np.isnan(value) else f"{value:.3f}"
