"""The parts of the comparison, each measured and made a table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from torch import nn

from inference.training.calibration import fit_platt
from inference.training.comparison import small
from inference.training.comparison.frozen import BACKBONES, Backbone, cost, exported, features
from inference.training.comparison.kept import Absent, Arrays, Kept
from inference.training.comparison.logistic import Features, fit_logistic
from inference.training.comparison.sources import Asked
from inference.training.comparison.table import MEASURED, Cell, Part, measured
from inference.training.comparison.tails import DEPTHS, POOLINGS, Bench, Case
from inference.training.network import backbone, shipped_backbone
from inference.training.train import Logits, Recipe

PENALTY = 0.03
"""Of the head on frozen features, the same for every backbone."""
_FALSE_POSITIVES = 0.05
_SEED = 0


@dataclass(frozen=True, slots=True)
class Larger:
    """A network of the part `larger`. `file`: how its files' names begin."""

    name: str
    file: str
    load: Callable[[], nn.Module]


LITE1 = Larger("EfficientNet-Lite1", "-lite1-", partial(backbone, 1))
LITE1_LESS = Larger("EfficientNet-Lite1 without a block", "-shipped-", shipped_backbone)


@dataclass(frozen=True)
class Comparison:
    """What the parts measure with. `views` a fold for each tail, None for a whole pass."""

    folder: Path
    scratch: Path
    asked: Asked
    views: int | None
    make_more: bool = True
    """Whether what was not measured yet is measured now; else its row is empty."""

    @cached_property
    def kept(self) -> Kept:
        return Kept(self.scratch / "kept", make_more=self.make_more)

    @cached_property
    def bench(self) -> Bench:
        return Bench(backbone(0), self.folder, self.scratch, asked=self.asked, views=self.views, kept=self.kept)

    @cached_property
    def features(self) -> dict[Backbone, Features]:
        """Of `Asked.drawn`, in its order."""
        drawn = [self.asked.pictures[row] for row in self.asked.drawn]
        return features(drawn, self.folder, self.scratch, self.kept)

    def row(self, name: str, width: int, make: Callable[[], Sequence[Cell]]) -> list[Cell]:
        """The name and the cells that `make` gives, or empty ones."""
        try:
            return [name, *make()]
        except Absent:
            return [name, *[None] * width]

    def cells(self, prob: Logits) -> list[Cell]:
        """Of `Asked.rows`, those below `MEASURED`."""
        return measured(prob, self.asked.gore(self.asked.rows()), np.random.default_rng(_SEED))

    def scope(self) -> str:
        """What was measured, in a sentence."""
        rows, every = len(self.asked.rows()), len(self.asked.pictures)
        numbers = ", ".join(str(number) for number in self.asked.folds)
        return f"Asked about {rows} of {every} pictures, in folds {numbers}."


def frozen(having: Comparison) -> Part:
    """A linear head on each backbone as it is, at each input size."""
    header = ("backbone", *MEASURED, "ms", "MB")
    rows = [having.row(each.name, len(header) - 1, partial(_of_backbone, having, each)) for each in BACKBONES]
    taught = [len(having.asked.taught(number)) for number in having.asked.folds]
    told = (
        "The backbone as it was trained on ImageNet, its last features averaged over the picture, and a logistic "
        f"regression on them (quadratic penalty {PENALTY}) that learns from {min(taught)} to {max(taught)} pictures as "
        f"they are, nothing laid over them. {having.scope()}"
    )
    return Part("Backbone and input size, nothing trained but a linear head", told, header, rows)


def _of_backbone(having: Comparison, each: Backbone) -> list[Cell]:
    asked = having.asked
    key = ("frozen head", each, PENALTY, sorted(asked.drawn.tolist()), asked.sources())
    prob = having.kept.arrays(key, partial(_heads, having, each))["prob"]
    costs = having.kept.arrays(("cost", each), partial(_cost, each, having.scratch))
    return [*having.cells(prob.astype(np.float32)), f"{float(costs['ms']):.1f}", f"{float(costs['mb']):.1f}"]


def _cost(each: Backbone, scratch: Path) -> Arrays:
    found = cost(exported(each, scratch), each.side_px)
    return {"ms": np.array(found.ms), "mb": np.array(found.mb)}


def _heads(having: Comparison, each: Backbone) -> Arrays:
    """The probabilities of `Asked.rows`."""
    asked = having.asked
    prob = np.full(len(asked.pictures), np.nan, np.float32)
    found = having.features[each]
    features = np.zeros((len(asked.pictures), found.shape[1]), np.float32)
    features[asked.drawn] = found
    for number in asked.folds:
        taught, known, held = asked.taught(number), asked.known(number), asked.held(number)
        head = fit_logistic(features[taught], asked.gore(taught), penalty=PENALTY)
        platt = fit_platt(head.logits(features[known]), asked.gore(known))
        prob[held] = platt.probability(head.logits(features[held]))
    return {"prob": prob[asked.rows()]}


def depth(having: Comparison) -> Part:
    """The same network, trained to different depths on the same views."""
    rows = [having.row(case.name, len(MEASURED), partial(_measured, having, case)) for case in DEPTHS]
    told = (
        "EfficientNet-Lite0 at 224, with the score map and the classes, the head always trained, and the 1 × 1 "
        "convolution before it wherever blocks are; the stem never. What is trained does not change what a picture "
        "costs. "
        f"Each network sees {_views(having)}. {having.scope()}"
    )
    return Part("How deep to train", told, ("trained", *MEASURED), rows)


def larger(having: Comparison) -> Part:
    """The larger network, with and without the block that makes its file too large, trained on the same views."""
    rows = [
        having.row(
            f"{each.name}, the last {blocks} blocks trained", len(MEASURED), partial(_of_larger, having, each, blocks)
        )
        for each, blocks in ((LITE1, 4), (LITE1, 8), (LITE1_LESS, 8))
    ]
    told = (
        "At 224, as in the tables above. The last row is the network that ships: of four residual blocks of 192 "
        f"channels it has three, so that its fp32 file has less than 16 MB. Each network sees {_views(having)}. "
        f"{having.scope()}"
    )
    return Part("A larger backbone, trained", told, ("network", *MEASURED), rows)


def pooling(having: Comparison) -> Part:
    """The same network with its cells pooled in different ways, and how much it finds of what is small."""
    header = ("pooling", *MEASURED, f"found in at most {small.FEW_CELLS} cells", "found in more")
    rows = [having.row(case.name, len(header) - 1, partial(_pooled, having, case)) for case in POOLINGS]
    told = (
        f"EfficientNet-Lite0 at 224, its last 4 blocks trained. Each network sees {_views(having)}. {having.scope()} "
        "The last two columns are of validation pictures with something laid over them: the share found of gore that "
        f"covers at most {small.FEW_CELLS} of the map's 49 cells, and more, where {_FALSE_POSITIVES:.0%} of the "
        "look-alikes (paint, sauce, mould, red things) are called gore; the mean over the folds' networks. Where gore "
        "was moved about after it was laid over, how much it covers is not known, and it is left out."
    )
    return Part("How to pool the cells", told, header, rows)


def _measured(having: Comparison, case: Case) -> list[Cell]:
    return having.cells(having.bench.probabilities(case))


def _of_larger(having: Comparison, each: Larger, blocks: int) -> list[Cell]:
    network = each.load()
    bench = Bench(
        network,
        having.folder,
        having.scratch,
        asked=having.asked,
        views=having.views,
        kept=having.kept,
        name=each.file,
    )
    return having.cells(bench.probabilities(Case(each.name, Recipe(len(network._blocks) - blocks))))


def _pooled(having: Comparison, case: Case) -> list[Cell]:
    return [*_measured(having, case), *_drawn_on(having, case)]


def _drawn_on(having: Comparison, case: Case) -> list[Cell]:
    shown = having.bench.drawn_on()
    found = []
    for logits in having.bench.drawn_on_logits(case):
        above = small.threshold(logits, ~shown.gore, _FALSE_POSITIVES)
        found.append(
            [small.recall(logits, which(shown.gore, shown.map), above) for which in (small.small, small.large)]
        )
    return [None if None in column else float(np.mean(column)) for column in zip(*found, strict=True)]


def _views(having: Comparison) -> str:
    seen = "all of" if having.views is None else f"the first {having.views} of"
    return f"{seen} the views of one training pass that its fold allows, once"


PARTS: Mapping[str, Callable[[Comparison], Part]] = {
    "frozen": frozen,
    "depth": depth,
    "pooling": pooling,
    "larger": larger,
}
"""By the names that the command knows them by."""
