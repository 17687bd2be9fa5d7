"""The one command that makes the shipped detector and prints the figures of its model card."""

import argparse
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from inference.calibrate import Platt
from inference.training.data import Picture, read_pictures, source_folds
from inference.training.evaluate import Figures, figures, fit_platt, headline, table
from inference.training.export import write_manifest, write_network
from inference.training.features import Cells, Extractor
from inference.training.network import Detector, Tail, Trunk, backbone
from inference.training.train import predict, train_tail
from inference.training.views import View, extra_views, plain_views, training_views

_NAME = "gore-lite0"
_HEADER = (
    "| pictures | gore + other | AUROC | AP | precision | recall | F1 | false positives | ECE |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)
_EXTRA_VALIDATION_FOR = 3000
"""The stained and painted validation views are as many as go with this many pictures."""


@dataclass(frozen=True, slots=True)
class Options:
    data: Path
    out: Path
    seed: int
    passes: int
    folds: int
    fold_passes: int
    threads: int
    cache: Path | None


def main() -> None:
    options = _options()
    torch.set_num_threads(options.threads)
    pictures = read_pictures(options.data)
    network = backbone()
    trunk = Trunk(network)
    extractor = Extractor(trunk, options.data, threads=options.threads, cache=options.cache)
    views: list[View] = []
    stored: list[Cells] = []
    for number in range(options.passes):
        of_pass = training_views(pictures, number, options.seed)
        _say(f"pass {number + 1} of {options.passes}: {len(of_pass)} views")
        stored.append(extractor.cells(of_pass))
        views += of_pass
    cells = np.concatenate(stored)
    plain = extractor.cells(plain_views(pictures))
    tail = train_tail(network, cells, _labels(views), seed=options.seed, label="all sources")
    platt, metrics = _validate(options, pictures, extractor, tail, plain)
    path = options.out / f"{_NAME}.onnx"
    metrics["torch_onnx_difference"] = float(f"{write_network(Detector(trunk, tail), path):.1e}")
    version = datetime.now(UTC).strftime("%Y.%m.%d")
    _say(f"wrote {write_manifest(path, version=version, platt=platt, metrics=metrics)}")
    if options.folds:
        in_fold = sum(len(part) for part in stored[: options.fold_passes])
        found = _leave_sources_out(options, network, pictures, views[:in_fold], cells[:in_fold], plain)
        metrics["sources_left_out"] = found.rounded()
        write_manifest(path, version=version, platt=platt, metrics=metrics)


def _validate(
    options: Options, pictures: list[Picture], extractor: Extractor, tail: Tail, plain: Cells
) -> tuple[Platt, dict[str, object]]:
    """Calibrate on the validation split and print its figures."""
    chosen = np.array([picture.split == "val" for picture in pictures])
    kept = [picture for picture in pictures if picture.split == "val"]
    gore = np.array([picture.gore for picture in kept])
    logits = predict(tail, plain[chosen])
    platt = fit_platt(logits, gore)
    prob = platt.probability(logits)
    found = figures(prob, gore)
    extra = extra_views(pictures, "val", _EXTRA_VALIDATION_FOR, (options.seed, 10_000))
    extra_prob = platt.probability(predict(tail, extractor.cells(extra)))
    extra_found = figures(extra_prob, _labels(extra))
    _show("### Validation split", _HEADER, headline("validation split", found), headline("drawn on", extra_found))
    _show(table("category", [picture.category for picture in kept], prob, gore))
    _show(table("drawn on", [view.kind.name.lower() for view in extra], extra_prob, _labels(extra)))
    return platt, {"validation": found.rounded(), "validation_drawn_on": extra_found.rounded()}


def _leave_sources_out(
    options: Options,
    network: torch.nn.Module,
    pictures: list[Picture],
    views: list[View],
    cells: Cells,
    plain: Cells,
) -> Figures:
    """Score every picture by a network that saw nothing of its source, and print the figures."""
    prob = np.zeros(len(pictures), np.float32)
    gore = np.array([picture.gore for picture in pictures])
    for number, fold in enumerate(source_folds(pictures, options.folds)):
        seen = np.array([view.sources.isdisjoint(fold) for view in views])
        held = np.array([picture.source in fold for picture in pictures])
        known = np.array([picture.split == "val" for picture in pictures]) & ~held
        label = f"without fold {number + 1} of {options.folds}"
        tail = train_tail(network, cells[seen], _labels(views)[seen], seed=options.seed, label=label)
        platt = fit_platt(predict(tail, plain[known]), gore[known])
        prob[held] = platt.probability(predict(tail, plain[held]))
    found = figures(prob, gore)
    _show("### Sources left out", _HEADER, headline(f"sources left out, {options.folds} groups", found))
    _show(table("source", [picture.source for picture in pictures], prob, gore))
    _show(table("category", [picture.category for picture in pictures], prob, gore))
    return found


def _labels(views: list[View]) -> npt.NDArray[np.bool_]:
    return np.array([view.gore for view in views])


def _show(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n\n")
    sys.stdout.flush()


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m inference.training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of labelled pictures with a manifest.csv")
    parser.add_argument("--out", type=Path, required=True, help="where the model and its manifest are written")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--passes", type=int, default=4, help="passes over the training split, each of fresh views")
    parser.add_argument("--folds", type=int, default=4, help="groups of sources to leave out in turn; 0 skips that")
    parser.add_argument("--fold-passes", type=int, default=1, help="passes that the networks of the groups train on")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cache", type=Path, help="keeps the trunk's output, so that a second run is quicker")
    return Options(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
