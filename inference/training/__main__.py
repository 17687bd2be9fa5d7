"""The one command that makes the shipped detector, its variants, and the tables of its model card."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from inference.evaluation.plots import PRECISION_RECALL, RELIABILITY, plot_precision_recall, plot_reliability
from inference.specimens import drawn
from inference.training import card_tables, choose
from inference.training.augment import SIDE_PX
from inference.training.card import CardError, filled
from inference.training.cost import Meter
from inference.training.data import Prepared, prepare
from inference.training.export import Curves, write_manifest, write_network, write_onnx
from inference.training.features import Extractor
from inference.training.folds import leave_out
from inference.training.memory import keep_freed_memory
from inference.training.network import TRUNK_BLOCKS, Detector, Tail, Trunk, shipped_backbone
from inference.training.picture import DataError, Picture
from inference.training.recipe import Pass, Runs, licence_cost, sources_left_out
from inference.training.render import render
from inference.training.tones import by_tone
from inference.training.train import Recipe, predict
from inference.training.validate import Share, class_table, curves, report, shares, shares_table
from inference.training.variants import write_variants
from inference.training.views import View, extra_views, plain_views, probe_views, training_views
from inference.training.watch import Frames

_Item = TypeVar("_Item")
_NAME = "gore-lite1"
_LAID_FOR = 3000
"""The validation views with things laid over them are as many as go with this many pictures."""
_PROBES = 200
_CALIBRATED_ON, _COMPARED_ON = (96, 64, 64), (400, 512)
"""Pictures that the int8 variant's activations are measured on (as they are, as the training shows them, drawn), and
that variants are compared on (as they are, drawn)."""
_DRAWN_SEEDS = 77, 78
"""Of those and these; neither is that of the pictures which `gorewatch model verify` draws."""


@dataclass(frozen=True, slots=True)
class Options:
    data: Path
    out: Path
    scratch: Path | None
    seed: int
    passes: int
    folds: int
    fold_views: int
    threads: int
    without: list[str]
    licence: list[str]


def main() -> None:
    """Train, measure, write. An error in the data or the card is one line on standard error and exit code 2."""
    options = _options()
    torch.set_num_threads(options.threads)
    keep_freed_memory()
    try:
        prepared = prepare(options.data, without=options.without, licences=options.licence)
        _check(prepared.pictures, options.folds)
        with tempfile.TemporaryDirectory() as folder:
            _Training(options, prepared, options.scratch or Path(folder)).run()
    except (DataError, CardError) as error:
        sys.stderr.write(f"error: {error}\n")
        raise SystemExit(2) from None


def _check(pictures: Sequence[Picture], folds: int) -> None:
    """Raise `DataError` before hours have gone into what cannot be measured at their end."""
    for split in ("train", "val"):
        for label, gore in (("positive", True), ("negative", False)):
            if not any(picture.split == split and picture.gore == gore for picture in pictures):
                raise DataError(f"no picture of the split {split} is {label}: both splits need both kinds")
    if folds:
        leave_out(pictures, folds)


class _Training:
    """One training from pictures to files. `run` does it."""

    def __init__(self, options: Options, prepared: Prepared, scratch: Path) -> None:
        self._options = options
        self._prepared = prepared
        self._pictures = prepared.pictures
        self._meter = Meter()
        self._network = shipped_backbone()
        self._trunk = Trunk(self._network)
        scratch.mkdir(parents=True, exist_ok=True)
        exported = scratch / "trunk.onnx"
        write_onnx(self._trunk, exported, outputs=["cells"])
        self._extractor = Extractor(exported, options.data, scratch, processes=options.threads)
        plain = self._extractor.shown(plain_views(self._pictures), "pictures as they are")
        self._runs = Runs(self._network, Recipe(TRUNK_BLOCKS), self._pictures, plain, scratch, options.seed)
        self._metrics: dict[str, object] = {}
        self._blocks: dict[str, str] = {}

    def run(self) -> None:
        """Everything, in order. The card is looked at first: later would be a bad time to miss a place in it."""
        card = self._options.out / "README.md"
        if card.exists():
            filled(card.read_text(encoding="utf-8"), dict.fromkeys(card_tables.BLOCKS, ""))
        passes = [self._pass(number) for number in range(self._options.passes)]
        tail = self._runs.tail(passes, "all sources")
        version = datetime.now(UTC).strftime("%Y.%m.%d")
        fitted = self._validate(tail, version)
        path = self._options.out / f"{_NAME}.onnx"
        self._options.out.mkdir(parents=True, exist_ok=True)
        self._metrics["torch_onnx_difference"] = float(f"{write_network(Detector(self._trunk, tail), path):.1e}")
        plot_precision_recall(self._validation, self._options.out / PRECISION_RECALL)
        plot_reliability(self._validation, self._options.out / RELIABILITY)
        variants = self._variants(path, fitted)
        if self._options.folds:
            self._leave_out(passes[0], version)
        described = write_manifest(path, version=version, curves=fitted, variants=variants, metrics=self._metrics)
        self._blocks["data"] = card_tables.data(self._prepared)
        self._blocks["cost"] = self._meter.lines()
        self._blocks["targets"] = card_tables.targets(self._metrics)
        self._blocks["rule"] = card_tables.rule()
        _fill(self._options.out / "README.md", self._blocks)
        _say(f"wrote {described}")

    def _pass(self, number: int) -> Pass:
        views = training_views(self._pictures, number, self._options.seed)
        return views, self._extractor.shown(views, f"pass {number + 1} of {self._options.passes}")

    def _validate(self, tail: Tail, version: str) -> Curves:
        """Calibrate, and measure on the validation split and on what is laid over its pictures."""
        rows = np.flatnonzero([picture.split == "val" for picture in self._pictures])
        pictures = [self._pictures[row] for row in rows]
        plain = predict(tail, self._runs.plain.cells[rows])
        seed = (self._options.seed, 10_000)
        half = extra_views(self._pictures, "val", _LAID_FOR // 2, seed)
        laid = self._extractor.shown(half, "laid over validation pictures, to calibrate")
        fitted = curves(pictures, plain, laid, predict(tail, laid.cells))
        found = report(_NAME, pictures, fitted.gore.probability(plain.gore), version)
        others = extra_views(self._pictures, "val", _LAID_FOR, (*seed, 1))
        over = self._extractor.shown(others, "laid over validation pictures, to measure")
        prob = fitted.gore.probability(predict(tail, over.cells).gore)
        classes = np.stack([curve.probability(plain.classes[:, at]) for at, curve in enumerate(fitted.classes)], axis=1)
        kinds = shares([view.kind.name.lower() for view in others], over.gore, prob)
        probes = self._probes(tail, fitted)
        self._metrics |= {
            "validation": card_tables.headline(found),
            "laid_over": card_tables.plain_figures(prob, over.gore),
        }
        self._metrics["probes"] = {name: round(share.called, 4) for name, share in probes.items()}
        self._blocks |= card_tables.of_report("validation", found)
        self._blocks["laid-over"] = shares_table("kind", kinds)
        self._blocks["probes"] = shares_table("probe", probes)
        self._blocks["classes"] = class_table(pictures, classes)
        self._blocks["figures"] = card_tables.figures_table(found, None)
        self._validation = found
        return fitted

    def _probes(self, tail: Tail, fitted: Curves) -> dict[str, Share]:
        asked = probe_views(self._pictures, _PROBES, self._options.seed)
        views = [view for group in asked.values() for view in group]
        shown = self._extractor.shown(views, "probes")
        prob = fitted.gore.probability(predict(tail, shown.cells).gore)
        return shares([name for name, group in asked.items() for _ in group], shown.gore, prob)

    def _variants(self, path: Path, fitted: Curves) -> dict[str, Path]:
        """Write and check int8 and fp16, and note how far each is from the reference."""
        rng = np.random.default_rng(self._options.seed)
        train = [picture for picture in self._pictures if picture.split == "train"]
        val = [picture for picture in self._pictures if picture.split == "val"]
        # Not only pictures as they are, so that unlikely activations are measured, too.
        few, varied, made = _CALIBRATED_ON
        plain = self._frames(plain_views(_some(train, few, rng)))
        shown = self._frames(_some(training_views(self._pictures, 0, self._options.seed), varied, rng))
        held, also = _COMPARED_ON
        found = write_variants(
            path,
            [*plain, *shown, _specimens(made, _DRAWN_SEEDS[0])],
            [np.concatenate(self._frames(plain_views(_some(val, held, rng)))), _specimens(also, _DRAWN_SEEDS[1])],
            curve=fitted.gore,
            say=_say,
        )
        self._metrics["variants"] = {
            kind: {"bytes": facts.bytes, "ships": facts.ships, **asdict(facts.agreement)}
            for kind, facts in found.items()
        }
        self._blocks["variants"] = card_tables.variants(path, found)
        return {kind: path.with_name(facts.file) for kind, facts in found.items() if facts.ships}

    def _frames(self, views: Sequence[View]) -> list[Frames]:
        """Batches of 16."""
        frames = np.stack([render(self._options.data, view).pixels for view in views])
        return [frames[at : at + 16] for at in range(0, len(frames), 16)]

    def _leave_out(self, shown: Pass, version: str) -> None:
        prob = sources_left_out(self._runs, shown, self._options.fold_views, self._options.folds)
        found = report(_NAME, self._pictures, prob, version)
        self._metrics["sources_left_out"] = card_tables.headline(found)
        self._blocks |= card_tables.of_report("left-out", found)
        self._blocks["figures"] = card_tables.figures_table(self._validation, found)
        self._blocks["tones"] = by_tone(self._options.data, self._pictures, prob)
        self._blocks["licences"] = licence_cost(self._runs, shown, self._options.fold_views)


def _some(items: Sequence[_Item], count: int, rng: np.random.Generator) -> list[_Item]:
    """`count` of them, or all, in random order."""
    return [items[at] for at in rng.permutation(len(items))[:count]]


def _specimens(count: int, seed: int) -> Frames:
    return np.stack(list(drawn(count, height_px=SIDE_PX, width_px=SIDE_PX, seed=seed)))


def _fill(card: Path, blocks: dict[str, str]) -> None:
    """Write the tables into the card where there is one, else beside the model as they are."""
    if card.exists():
        card.write_text(filled(card.read_text(encoding="utf-8"), blocks), encoding="utf-8")
    else:
        text = "\n\n".join(f"## {name}\n\n{block}" for name, block in blocks.items())
        card.with_name("tables.md").write_text(text + "\n", encoding="utf-8")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m inference.training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of labelled pictures with a manifest.csv")
    parser.add_argument("--out", type=Path, required=True, help="where the model, its manifest and its card are")
    parser.add_argument(
        "--scratch", type=Path, help="keeps views and trained tails (a few GB), so that a later run goes on from them"
    )
    parser.add_argument("--seed", type=choose.at_least(0), default=1)
    parser.add_argument(
        "--passes", type=choose.at_least(1), default=4, help="passes over the training split, each of fresh views"
    )
    parser.add_argument(
        "--folds", type=choose.at_least(0), default=6, help="groups of sources to leave out in turn; 0 skips that"
    )
    parser.add_argument(
        "--fold-views", type=choose.at_least(1), default=6000, help="views of a pass that each group's network sees"
    )
    parser.add_argument("--threads", type=choose.at_least(1), default=2)
    choose.add_options(parser)
    return Options(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
