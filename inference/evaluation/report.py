"""The report of an evaluation as one tree of values, built from pictures and their probabilities."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from inference.evaluation.estimates import AtThreshold, Estimate, Headline, Witnesses, estimates
from inference.evaluation.labelled import Picture, Unreadable, printable
from inference.evaluation.metrics import CALLED, Bin, Curve, Flags, Floats, as_they_are, reliability

_WORST = 20
_MOST_CURVE_POINTS = 400
_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Detector:
    """Which model was evaluated, and on what it ran."""

    name: str
    version: str
    file: str
    sha256: str
    variant: str
    provider: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What an evaluation was made of and how."""

    detector: Detector
    folder: str
    split: str | None
    resamples: int
    seed: int


@dataclass(frozen=True, slots=True)
class Group:
    """The pictures of one category or source; shares at 0.5."""

    name: str
    n_gore: int
    n_other: int
    recall: Estimate
    false_positives: Estimate
    auroc: float | None
    ap: float | None
    licences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Miss:
    """A picture on the wrong side of 0.5."""

    file: str
    prob: float
    category: str | None
    source: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is told of an evaluation."""

    setting: Setting
    n_gore: int
    n_other: int
    n_groups: int | None
    """Groups of pictures that were drawn as wholes for the intervals; None where each picture is its own."""
    left_out: int
    """Pictures outside the label folders."""
    unreadable: tuple[Unreadable, ...]
    figures: Headline
    categories: tuple[Group, ...]
    sources: tuple[Group, ...]
    thresholds: tuple[AtThreshold, ...]
    reliability: tuple[Bin, ...]
    precision_recall: Curve
    worst_false_positives: tuple[Miss, ...]
    worst_false_negatives: tuple[Miss, ...]

    def json(self) -> dict[str, object]:
        """As JSON values, numbers to 4 decimals."""
        return {name: _rounded(value) for name, value in asdict(self).items()}


def build_report(
    pictures: Sequence[Picture],
    prob: Floats,
    setting: Setting,
    *,
    rng: np.random.Generator,
    unreadable: Sequence[Unreadable] = (),
    left_out: int = 0,
) -> Report:
    """The report on at least one picture; `prob` holds their probabilities in the same order."""
    gore = np.array([picture.gore for picture in pictures])
    groups = _groups(pictures)
    tables = _Tables(pictures, prob, gore, groups)
    headline, thresholds = estimates(prob, gore, groups, resamples=setting.resamples, rng=rng)
    return Report(
        setting=setting,
        n_gore=int(gore.sum()),
        n_other=int((~gore).sum()),
        n_groups=None if groups is None else len(set(groups)),
        left_out=left_out,
        unreadable=tuple(Unreadable(printable(one.file), one.reason) for one in unreadable),
        figures=headline,
        categories=tables.by([picture.category for picture in pictures]),
        sources=tables.by([picture.source for picture in pictures]),
        thresholds=thresholds,
        reliability=reliability(prob, gore),
        precision_recall=_curve(prob, gore),
        worst_false_positives=tables.worst(~gore & (prob >= CALLED), falling=True),
        worst_false_negatives=tables.worst(gore & (prob < CALLED), falling=False),
    )


def _groups(pictures: Sequence[Picture]) -> list[str] | None:
    """A group's name for each picture, one of its own where it has none; None where no picture has one."""
    if all(picture.group is None for picture in pictures):
        return None
    return [f"file {one.file}" if one.group is None else f"group {one.group}" for one in pictures]


class _Tables:
    """What is told group by group and picture by picture."""

    def __init__(self, pictures: Sequence[Picture], prob: Floats, gore: Flags, groups: Sequence[str] | None) -> None:
        self._pictures = pictures
        self._prob = prob
        self._gore = gore
        self._witnesses = Witnesses(groups, len(pictures))

    def by(self, keys: Sequence[str | None]) -> tuple[Group, ...]:
        """One entry a name, those with gore first; nothing where no picture has a name."""
        array = np.array(["" if key is None else key for key in keys], object)
        found = [self._group(name, array == name) for name in sorted({key for key in keys if key is not None})]
        return tuple(sorted(found, key=lambda group: group.n_gore == 0))

    def _group(self, name: str, inside: Flags) -> Group:
        gore, called = self._gore[inside], self._prob >= CALLED
        rates = as_they_are(self._prob[inside], gore)
        licences = {self._pictures[place].licence for place in np.flatnonzero(inside).tolist()}
        return Group(
            name=printable(name),
            n_gore=int(gore.sum()),
            n_other=int((~gore).sum()),
            recall=self._witnesses.share(called, inside & self._gore),
            false_positives=self._witnesses.share(called, inside & ~self._gore),
            auroc=_known(float(rates.auroc()[0])),
            ap=_known(float(rates.average_precision()[0])),
            licences=tuple(sorted(printable(licence) for licence in licences if licence is not None)),
        )

    def worst(self, wrong: Flags, *, falling: bool) -> tuple[Miss, ...]:
        """The pictures `wrong` whose probability is highest (`falling`) or lowest."""
        places = np.flatnonzero(wrong)
        key = -self._prob[places] if falling else self._prob[places]
        chosen = places[np.argsort(key, kind="stable")][:_WORST]
        return tuple(self._miss(self._pictures[place], float(self._prob[place])) for place in chosen.tolist())

    def _miss(self, picture: Picture, prob: float) -> Miss:
        category, source = (None if text is None else printable(text) for text in (picture.category, picture.source))
        return Miss(file=printable(picture.file), prob=prob, category=category, source=source)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


def _curve(prob: Floats, gore: Flags) -> Curve:
    """At most some hundred points, the first and the last among them; none where one kind of picture is missing."""
    if gore.all() or not gore.any():
        return Curve((), (), ())
    curve = as_they_are(prob, gore).curve()
    places = np.unique(np.linspace(0, len(curve.recall) - 1, min(len(curve.recall), _MOST_CURVE_POINTS)).astype(int))
    return Curve(
        *(tuple(column[place] for place in places) for column in (curve.thresholds, curve.precision, curve.recall))
    )


def _rounded(value: object) -> object:
    match value:
        case float():
            return round(value, _DECIMALS)
        case dict():
            return {name: _rounded(part) for name, part in value.items()}
        case list() | tuple():
            return [_rounded(part) for part in value]
    return value
