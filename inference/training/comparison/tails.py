"""Tails that are trained to different depths or pool differently, each asked about pictures of sources left out."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from inference.training.calibration import fit_platt
from inference.training.comparison.kept import Arrays, Kept
from inference.training.comparison.sources import Asked, Rows
from inference.training.export import write_onnx
from inference.training.features import Cells, Extractor, Shown
from inference.training.network import Tail, Trunk
from inference.training.train import Logits, Recipe, predict, train_tail
from inference.training.views import extra_views, plain_views, training_views

LEAST_VIEWS = 64
"""One batch."""
_ALL_BLOCKS, _TRUNK_BLOCKS = 16, 5
"""Of EfficientNet-Lite0, which depths and poolings are compared on, and of what they share."""
_EXTRA_FOR = 3000
"""The drawn-on validation views are as many as go with this many pictures."""
_SEED, _EXTRA_SEED = 1, (1, 10_000)


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    recipe: Recipe


def _last(blocks: int) -> int:
    """How many blocks of the tail are frozen for so many at the end to be trained."""
    return _ALL_BLOCKS - blocks - _TRUNK_BLOCKS


DEPTHS = (
    Case("the head alone", Recipe(_TRUNK_BLOCKS, tail_rate=0.0)),
    Case("the last 4 blocks", Recipe(_TRUNK_BLOCKS, frozen=_last(4))),
    Case("the last 8 blocks", Recipe(_TRUNK_BLOCKS, frozen=_last(8))),
    Case(f"the last {_last(0)} blocks", Recipe(_TRUNK_BLOCKS)),
    Case(f"all {_ALL_BLOCKS} blocks", Recipe(0)),
)
POOLINGS = (
    Case("mean of the four highest cells", Recipe(_TRUNK_BLOCKS, pooling="top4", frozen=_last(4))),
    Case("highest cell", Recipe(_TRUNK_BLOCKS, pooling="top1", frozen=_last(4))),
    Case("soft maximum (log-sum-exp)", Recipe(_TRUNK_BLOCKS, pooling="lse", frozen=_last(4))),
    Case("mean of all cells", Recipe(_TRUNK_BLOCKS, pooling="mean", frozen=_last(4))),
)


class Bench:
    """What all tails of a comparison share: the backbone, the views of one pass, the folds, and what is kept."""

    def __init__(
        self,
        network: nn.Module,
        folder: Path,
        scratch: Path,
        *,
        asked: Asked,
        views: int | None,
        kept: Kept,
        name: str = "",
    ) -> None:
        """`views`: how many of a pass each tail is trained on, at most; all of them if None. `name`: of the network."""
        self._network = network
        self._name = name
        self._folder = folder
        self._scratch = scratch
        self._asked = asked
        self._pass = training_views(asked.pictures, 0, _SEED)
        self._views = views
        self._kept = kept

    def probabilities(self, case: Case) -> npt.NDArray[np.float32]:
        """Of `Asked.rows`: each by a tail that saw nothing of its source, calibrated without it."""
        prob = np.full(len(self._asked.pictures), np.nan, np.float32)
        for number in self._asked.folds:
            found = self._of_fold(case, number)
            platt = fit_platt(found["known"], self._asked.gore(self._asked.known(number)))
            prob[self._asked.held(number)] = platt.probability(found["held"])
        return prob[self._asked.rows()]

    def drawn_on(self) -> Shown:
        """Validation pictures with something laid over them, gore or what looks like it."""
        views = extra_views(self._asked.pictures, "val", _EXTRA_FOR, _EXTRA_SEED)
        return self._extractor(_TRUNK_BLOCKS).shown(views, "drawn-on views")

    def drawn_on_logits(self, case: Case) -> list[Logits]:
        """What each fold's tail says of `drawn_on`. Of tails from that depth only."""
        key = ("drawn on", _EXTRA_FOR, _EXTRA_SEED)
        return [self._said(case, number, key, lambda: self.drawn_on().cells) for number in self._asked.folds]

    def _of_fold(self, case: Case, number: int) -> dict[str, Logits]:
        return {
            name: self._said(case, number, (name, self._files(rows)), partial(self._plain, case, rows))
            for name, rows in (("held", self._asked.held(number)), ("known", self._asked.known(number)))
        }

    def _said(self, case: Case, number: int, key: object, cells: Callable[[], Cells]) -> Logits:
        whole = (self._key(case, number), key)
        found = self._kept.arrays(whole, lambda: {"logits": predict(self._tail(case, number), cells()).gore})
        return found["logits"].astype(np.float32)

    def _tail(self, case: Case, number: int) -> Tail:
        recipe = case.recipe

        def trained() -> Arrays:
            passed = self._shown(recipe, self._taught(number))
            label = f"{case.name}, without fold {number}"
            tail = train_tail(self._network, [passed], recipe, seed=_SEED, label=label)
            return {name: values.numpy() for name, values in tail.state_dict().items()}

        stored = self._kept.arrays(self._key(case, number), trained)
        tail = Tail(self._network, blocks=recipe.trunk_blocks, pooling=recipe.pooling)
        tail.eval()
        tail.load_state_dict({name: torch.from_numpy(values) for name, values in stored.items()})
        tail.to(memory_format=torch.channels_last)
        return tail

    def _key(self, case: Case, number: int) -> object:
        views = repr([self._pass[row] for row in self._taught(number)])
        return ("tail", *filter(None, [self._name]), case.recipe, hashlib.sha256(views.encode()).hexdigest(), _SEED)

    def _taught(self, number: int) -> Rows:
        fold = self._asked.folds[number]
        may = [row for row, view in enumerate(self._pass) if all(fold.shows(part) for part in view.parts)]
        return np.array(may[: self._views], np.intp)

    def _shown(self, recipe: Recipe, rows: Rows) -> tuple[Shown, Rows]:
        extractor = self._extractor(recipe.trunk_blocks)
        if not self._name and recipe.trunk_blocks == _TRUNK_BLOCKS:
            # The whole pass, however many are asked for: parts of the comparison share what is kept.
            return extractor.shown(self._pass, "training views"), rows
        # Earlier cells are large: only those that are needed.
        return extractor.shown([self._pass[row] for row in rows], "training views"), np.arange(len(rows))

    def _plain(self, case: Case, rows: Rows) -> Cells:
        pictures = self._asked.pictures
        extractor = self._extractor(case.recipe.trunk_blocks)
        if not self._name and case.recipe.trunk_blocks == _TRUNK_BLOCKS:
            return extractor.shown(plain_views(pictures), "pictures").cells[rows]
        return extractor.shown(plain_views([pictures[row] for row in rows]), "pictures").cells

    def _files(self, rows: Rows) -> list[str]:
        return [self._asked.pictures[row].file for row in rows]

    def _extractor(self, blocks: int) -> Extractor:
        path = self._scratch / f"trunk{self._name}{blocks}.onnx"
        if not path.exists():
            write_onnx(Trunk(self._network, blocks), path, outputs=["cells"])
        return Extractor(path, self._folder, self._scratch, processes=1)
