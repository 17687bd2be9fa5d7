"""The report as Markdown: the tables of a model card."""

from collections.abc import Callable, Iterable, Sequence

from inference.evaluation.estimates import Estimate
from inference.evaluation.metrics import CALLED
from inference.evaluation.report import Group, Miss, Report

NONE = "–"
"""What stands for a figure that cannot be had."""

FIGURES = {
    "auroc": "AUROC",
    "ap": "average precision",
    "precision": f"precision at {CALLED}",
    "recall": f"recall at {CALLED}",
    "f1": f"F1 at {CALLED}",
    "false_positives": f"false positives at {CALLED}",
    "recall_at_1pct_fp": "recall at 1 % false positives",
    "recall_at_5pct_fp": "recall at 5 % false positives",
    "ece": "expected calibration error",
}
"""The headline's figures by the names that people read."""

TEXT = {"figure", "file", "category", "source", "licence", "reason"}
"""Columns of words; those of numbers are set flush right."""

Row = list[str]


def markdown(report: Report, plots: Sequence[tuple[str, str]] = ()) -> str:
    """The whole report. `plots` are titles and file names of pictures that lie beside it."""
    detector = report.setting.detector
    about = (
        f"Model file `{detector.file}`, {detector.variant}, on {detector.provider}, sha256 `{detector.sha256[:16]}…`."
    )
    parts = [
        f"# Evaluation of {_cell(detector.name)} {_cell(detector.version)}",
        f"{summary_line(report)} {about} {interval_line(report)}",
        "## Figures",
        _table(["figure", "value", "95 % interval"], figure_rows(report)),
        *(f"![{title}]({name})" for title, name in plots),
        "## Thresholds",
        _table(["threshold", "precision", "recall", "false positives"], threshold_rows(report)),
    ]
    if report.categories:
        parts += ["## Categories", _table(*group_table("category", report.categories))]
    if report.sources:
        parts += ["## Sources", _table(*group_table("source", report.sources, licences=True))]
    parts += ["## Worst errors", *_misses("Called gore", report.worst_false_positives)]
    parts += _misses("Missed", report.worst_false_negatives)
    if report.unreadable:
        rows = [[one.file, one.reason] for one in report.unreadable]
        parts += ["## Not read", _table(["file", "reason"], rows)]
    return "\n\n".join(parts) + "\n"


def summary_line(report: Report) -> str:
    """What was scored, in one sentence or two."""
    setting = report.setting
    split = "" if setting.split is None else f", split {_cell(setting.split)}"
    line = f"{report.n_gore} pictures of gore and {report.n_other} others in the folder {_cell(setting.folder)}{split}."
    if report.unreadable:
        line += f" {len(report.unreadable)} could not be read."
    if report.left_out:
        line += f" {report.left_out} outside the label folders were left out."
    return line


def interval_line(report: Report) -> str:
    """Where the intervals come from."""
    if not report.setting.resamples:
        return "Headline and thresholds have no intervals: no resamples were asked for."
    drawn = "of whole groups, " if report.n_groups is not None else ""
    groups = "" if report.n_groups is None else f"{report.n_groups} in all, "
    return f"95 % intervals from {report.setting.resamples} resamples ({drawn}{groups}seed {report.setting.seed})."


def figure_rows(report: Report) -> list[Row]:
    """Name, value and interval of each figure."""
    found: list[tuple[str, Estimate]] = [(title, getattr(report.figures, name)) for name, title in FIGURES.items()]
    return [[title, number(estimate.value), interval(estimate)] for title, estimate in found]


def threshold_rows(report: Report) -> list[Row]:
    """Threshold, precision, recall and false positives, each with its interval."""
    return [
        [f"{row.threshold:g}", *(with_interval(one) for one in (row.precision, row.recall, row.false_positives))]
        for row in report.thresholds
    ]


def group_table(title: str, groups: Sequence[Group], *, licences: bool = False) -> tuple[Row, list[Row]]:
    """Header and rows; figures that no group has are left out."""
    columns: dict[str, Callable[[Group], str]] = {
        title: lambda group: group.name,
        "gore": lambda group: str(group.n_gore),
        "other": lambda group: str(group.n_other),
        "recall": lambda group: with_interval(group.recall),
        "false positives": lambda group: with_interval(group.false_positives),
        "AUROC": lambda group: number(group.auroc),
        "AP": lambda group: number(group.ap),
    }
    if licences:
        columns["licence"] = lambda group: "; ".join(group.licences) or NONE
    used = [name for name, column in columns.items() if any(column(group) != NONE for group in groups)]
    return used, [[columns[name](group) for name in used] for group in groups]


def miss_rows(misses: Iterable[Miss]) -> list[Row]:
    """Probability, file and category."""
    return [[f"{miss.prob:.4f}", miss.file, miss.category or NONE] for miss in misses]


def number(value: float | None) -> str:
    return NONE if value is None else f"{value:.3f}"


def interval(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return NONE
    return f"{estimate.low:.3f} to {estimate.high:.3f}"


def with_interval(estimate: Estimate) -> str:
    if estimate.value is None or estimate.low is None:
        return number(estimate.value)
    return f"{number(estimate.value)} ({interval(estimate)})"


def _misses(title: str, misses: Sequence[Miss]) -> list[str]:
    if not misses:
        return [f"### {title}", "None."]
    return [f"### {title}", _table(["prob", "file", "category"], miss_rows(misses))]


def _table(header: Row, rows: Sequence[Row]) -> str:
    rule = ["---" if name in TEXT else "---:" for name in header]
    return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in [header, rule, *rows])


def _cell(text: str) -> str:
    """Names come from file systems: nothing in them may end a cell or start a tag."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "\\`")
