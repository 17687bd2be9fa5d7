"""What a trained tail is measured by: the validation split, things laid over it, probes, and sources left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference.calibrate import Platt
from inference.evaluation.bootstrap import wilson
from inference.evaluation.labelled import Picture as Labelled
from inference.evaluation.metrics import Flags, Floats
from inference.evaluation.report import Detector, Report, Setting, build_report
from inference.training.calibration import choose_calibration, fit_platt
from inference.training.export import Curves
from inference.training.features import Shown
from inference.training.picture import Picture
from inference.training.targets import CLASSES, class_targets
from inference.training.train import Predicted

_RESAMPLES, _SEED = 1000, 1


@dataclass(frozen=True, slots=True)
class Share:
    """How many views are called gore, with a 95 % interval after Wilson."""

    called: float
    low: float
    high: float
    views: int


def curves(pictures: Sequence[Picture], plain: Predicted, laid: Shown, drawn_on: Predicted) -> Curves:
    """The calibration of all outputs.

    Gore's on the validation pictures as they are, whose logits are `plain`: things laid over pictures and degraded are
    harder than what a stream shows, and would have 0.5 mean less. Where the pictures say nothing, of single classes and
    of where things are, things laid over them count: `laid` has their targets, `drawn_on` their logits.
    """
    gore = np.array([picture.gore for picture in pictures])
    groups = [picture.group or picture.file for picture in pictures]
    chosen = choose_calibration(plain.gore, gore, groups, np.random.default_rng(_SEED))
    known = ~np.isnan(laid.map)
    return Curves(
        gore=chosen.calibration,
        classes=[_class_curve(at, pictures, plain, laid, drawn_on) for at in range(len(CLASSES))],
        map=_rising(fit_platt(drawn_on.map[known], laid.map[known] == 1.0)),
    )


def _class_curve(at: int, pictures: Sequence[Picture], plain: Predicted, laid: Shown, drawn_on: Predicted) -> Platt:
    stated = np.array([class_targets(picture.category, gore=picture.gore)[at] for picture in pictures])
    targets = np.concatenate([stated, laid.classes[:, at]])
    logits = np.concatenate([plain.classes[:, at], drawn_on.classes[:, at]])
    known = ~np.isnan(targets)
    return _rising(fit_platt(logits[known], targets[known] == 1.0))


def _rising(found: Platt) -> Platt:
    """What was hardly learnt, or what the validation pictures lack, cannot be calibrated; its sign must not turn."""
    return found if found.scale > 0.0 else Platt()


def report(name: str, pictures: Sequence[Picture], prob: Floats, version: str) -> Report:
    """Figures with intervals, by category and by source; pictures of one patient, film or figure are drawn together."""
    detector = Detector(name=name, version=version, file="", sha256="", variant="fp32", provider="cpu")
    labelled = [
        Labelled(
            file=picture.file,
            gore=picture.gore,
            category=picture.category,
            source=picture.repository or picture.source,
            licence=picture.licence,
            split=picture.split,
            group=f"{picture.source} {picture.group}" if picture.group else None,
        )
        for picture in pictures
    ]
    setting = Setting(detector=detector, folder="data", split=None, resamples=_RESAMPLES, seed=_SEED)
    return build_report(labelled, prob, setting, rng=np.random.default_rng(_SEED))


def shares(names: Sequence[str], gore: Flags, prob: Floats) -> dict[str, Share]:
    """By name, how many views are called gore; of kinds that make gore only those where it can be seen."""
    found = {}
    for name in dict.fromkeys(names):
        inside = np.array([each == name for each in names])
        # Where gore was laid over pictures, those on which it could not be seen say nothing.
        chosen = inside & gore if (inside & gore).any() else inside
        share = float((prob[chosen] >= 0.5).mean())
        interval = wilson(share, int(chosen.sum()))
        found[name] = Share(share, interval.low, interval.high, int(chosen.sum()))
    return found


def shares_table(title: str, found: Mapping[str, Share]) -> str:
    """Markdown of `shares`."""
    rows = [
        f"| {name} | {each.views} | {each.called:.3f} ({each.low:.3f} to {each.high:.3f}) |"
        for name, each in found.items()
    ]
    return "\n".join([f"| {title} | views | called gore |", "| --- | ---: | ---: |", *rows])


def class_table(pictures: Sequence[Picture], prob: npt.NDArray[np.float32]) -> str:
    """Markdown: mean probability of each class by category, N × classes in."""
    lines = [f"| category | {' | '.join(CLASSES)} |", f"| --- |{' ---: |' * len(CLASSES)}"]
    for gore in (True, False):
        for category in sorted({picture.category for picture in pictures if picture.gore == gore}):
            rows = [at for at, picture in enumerate(pictures) if picture.category == category]
            means = " | ".join(f"{float(prob[rows, at].mean()):.2f}" for at in range(len(CLASSES)))
            lines.append(f"| {category} | {means} |")
    return "\n".join(lines)
