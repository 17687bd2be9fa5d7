"""One evaluation from a folder to its files: what `gorewatch model eval` and the training share."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inference.evaluation.folder import read_folder
from inference.evaluation.labelled import EvaluationError, printable
from inference.evaluation.markdown import markdown
from inference.evaluation.plots import PRECISION_RECALL, RELIABILITY, plot_precision_recall, plot_reliability
from inference.evaluation.report import Detector, Report, Setting, build_report
from inference.evaluation.scoring import Scored, score_pictures
from inference.model import Model

RESAMPLES = 1000
SEED = 1
JSON, MARKDOWN, SCORES = "report.json", "report.md", "scores.csv"


@dataclass(frozen=True, slots=True)
class Options:
    """What an evaluation can be asked for."""

    folder: Path
    split: str | None = None
    out: Path | None = None
    resamples: int = RESAMPLES
    seed: int = SEED
    threads: int = 1


class Audience:
    """Hears how far an evaluation is. This one does not care."""

    def begun(self, pictures: int) -> None:
        """So many pictures will be read."""

    def advanced(self, pictures: int) -> None:
        """So many more of them are done."""


def evaluate(options: Options, load: Callable[[], Model], audience: Audience | None = None) -> Report:
    """Score a folder, write the report's files where `options.out` says, and return the report.

    The folder is looked at before the model is loaded, so that what is wrong with it is said at once. Raises
    `EvaluationError`, and what `load` raises.
    """
    heard = audience or Audience()
    labelled = read_folder(options.folder, options.split)
    if options.out is not None:
        _make(options.out)
    model = load()
    try:
        heard.begun(len(labelled.pictures))
        scored = score_pictures(labelled, model, threads=options.threads, told=heard.advanced)
        report = build_report(
            scored.pictures,
            scored.prob,
            Setting(_detector(model), options.folder.resolve().name, options.split, options.resamples, options.seed),
            rng=np.random.default_rng(options.seed),
            unreadable=scored.unreadable,
            left_out=labelled.left_out,
        )
    finally:
        model.close()
    if options.out is not None:
        write_files(report, scored, options.out)
    return report


def write_files(report: Report, scored: Scored, out: Path) -> None:
    """Write the report as JSON and Markdown, its plots, and each picture's score into the folder `out`.

    Raises `EvaluationError` when that cannot be done.
    """
    plots = [("Precision over recall", PRECISION_RECALL), ("Reliability", RELIABILITY)]
    try:
        (out / JSON).write_text(json.dumps(report.json(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        (out / MARKDOWN).write_text(markdown(report, plots), encoding="utf-8")
        (out / SCORES).write_text(_scores(scored), encoding="utf-8")
        plot_precision_recall(report, out / PRECISION_RECALL)
        plot_reliability(report, out / RELIABILITY)
    except OSError as error:
        raise _unwritable(out, error) from error


def _make(out: Path) -> None:
    """The folder for the results, before anything is scored."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(out, error) from error


def _unwritable(out: Path, error: OSError) -> EvaluationError:
    return EvaluationError(f"The folder {out} cannot be written to ({error.strerror or error}); give another --out.")


def _detector(model: Model) -> Detector:
    manifest = model.manifest
    used = manifest.file_of(model.variant)
    return Detector(
        name=printable(manifest.name),
        version=printable(manifest.version),
        file=manifest.file if used is None else printable(used.file),
        sha256=manifest.sha256 if used is None else used.sha256,
        variant=model.variant,
        provider=model.provider,
    )


def _scores(scored: Scored) -> str:
    """A line a picture, so that every figure can be computed anew."""
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["file", "label", "prob"])
    for picture, prob in zip(scored.pictures, scored.prob, strict=True):
        lines.writerow([printable(picture.file), "positive" if picture.gore else "negative", f"{prob:.6f}"])
    return text.getvalue()
