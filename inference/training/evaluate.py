"""The figures of a model card: Markdown rows for the training, and the report that `gorewatch model eval` makes.

    python -m inference.training.evaluate --data FOLDER --split val --model inference/models/gore-lite1.onnx

prints the report's Markdown; with `--out DIR` its files are written as well.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from inference.evaluation.labelled import EvaluationError
from inference.evaluation.markdown import markdown
from inference.evaluation.metrics import Figures, Flags, Floats, auroc, average_precision, calibration_error, figures
from inference.evaluation.run import RESAMPLES, SEED, Options, evaluate
from inference.manifest import ModelError
from inference.model import Model
from inference.training.calibration import fit_platt

__all__ = [
    "Figures",
    "auroc",
    "average_precision",
    "calibration_error",
    "figures",
    "fit_platt",
    "headline",
    "table",
]

_SHOWN = ("auroc", "ap", "precision", "recall", "f1", "false_positives", "ece")


def table(title: str, names: list[str], prob: Floats, gore: Flags) -> str:
    """Markdown: for each name, how many pictures and which share is called gore at 0.5."""
    lines = [f"| {title} | label | pictures | called gore |", "| --- | --- | ---: | ---: |"]
    keys = np.array(names)
    for name in sorted(set(names)):
        for label in (True, False):
            inside = (keys == name) & (gore == label)
            if inside.any():
                share = float((prob[inside] >= 0.5).mean())
                lines.append(f"| {name} | {'gore' if label else 'other'} | {int(inside.sum())} | {share:.3f} |")
    return "\n".join(lines)


def headline(title: str, found: Figures) -> str:
    """One Markdown row, of the figures as the manifest keeps them."""
    numbers = found.rounded()
    shown = ["–" if numbers[name] is None else f"{numbers[name]:.3f}" for name in _SHOWN]
    return f"| {title} | {found.n_gore} + {found.n_other} | {' | '.join(shown)} |"


def main() -> int:
    """The command; 0, or 2 with one line on standard error."""
    given = _parser().parse_args()
    options = Options(
        folder=given.data,
        split=given.split,
        out=given.out,
        resamples=given.bootstrap,
        seed=given.seed,
        threads=given.threads,
    )
    try:
        report = evaluate(options, lambda: Model.load(given.model, provider=given.provider, variant=given.variant))
    except (EvaluationError, ModelError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(markdown(report))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m inference.training.evaluate", description="Evaluate a detector.")
    parser.add_argument(
        "--data", type=Path, required=True, help="folder of labelled pictures, as for gorewatch model eval"
    )
    parser.add_argument("--model", type=Path, help="a .onnx or its manifest; the detector that ships if not given")
    parser.add_argument("--variant", choices=["auto", "fp32", "int8", "fp16"], default="fp32")
    parser.add_argument("--provider", choices=["auto", "cuda", "tensorrt", "cpu"], default="cpu")
    parser.add_argument("--split", help="only the rows of the folder's manifest.csv with this split")
    parser.add_argument("--out", type=Path, help="where report.json, report.md, plots and scores are written")
    parser.add_argument("--bootstrap", type=int, default=RESAMPLES, help="resamples behind the intervals")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--threads", type=int, default=1)
    return parser


if __name__ == "__main__":
    sys.exit(main())
