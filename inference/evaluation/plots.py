"""The report's plots as PNG files."""

from pathlib import Path
from typing import TYPE_CHECKING

from inference.evaluation.bootstrap import wilson
from inference.evaluation.markdown import with_interval
from inference.evaluation.report import Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PRECISION_RECALL = "precision_recall.png"
RELIABILITY = "reliability.png"

_DPI = 160
_WIDTH_IN = 5.2
_LINE, _MUTED, _FAINT, _INK = "#b3261e", "#7d838c", "#e6e8ec", "#1f2328"
_DASHES = (0, (4, 3))
_SMALL, _NORMAL = 8, 9
_MARKED = (0.1, 0.5, 0.9)
"""Thresholds that are marked on the curve."""


def plot_precision_recall(report: Report, path: Path) -> None:
    """Write precision over recall, with some thresholds marked and what chance would reach."""
    figure, (axes,) = _figure(5.3, (1.0,))
    _style(axes, "Recall", "Precision")
    axes.set(xlim=(0.0, 1.01), ylim=(0.0, 1.01), aspect="equal")
    curve = report.precision_recall
    if curve.recall:
        chance = report.n_gore / (report.n_gore + report.n_other)
        axes.axhline(chance, color=_MUTED, linewidth=1.0, linestyle=_DASHES)
        axes.text(0.02, chance + 0.015, f"by chance: {chance:.2f}", color=_MUTED, fontsize=_SMALL)
        recall, precision = [0.0, *curve.recall], [curve.precision[0], *curve.precision]
        axes.plot(recall, precision, drawstyle="steps-pre", color=_LINE, linewidth=1.8)
        _mark_thresholds(axes, report)
    else:
        axes.text(0.5, 0.5, "needs pictures of both kinds", color=_MUTED, fontsize=_NORMAL, ha="center")
    _title(axes, f"Average precision {with_interval(report.figures.ap)}")
    figure.savefig(path, dpi=_DPI)


def plot_reliability(report: Report, path: Path) -> None:
    """Write the share of gore over the mean probability, bin by bin, above a histogram of the probabilities."""
    figure, (above, below) = _figure(6.0, (3.4, 1.0))
    _style(above, "", "Share that is gore")
    above.set(xlim=(-0.015, 1.015), ylim=(-0.015, 1.015))
    above.tick_params(labelbottom=False)
    above.plot([0.0, 1.0], [0.0, 1.0], color=_MUTED, linewidth=1.0, linestyle=_DASHES)
    for one in report.reliability:
        if one.mean_prob is not None and one.share_gore is not None:
            sure = wilson(one.share_gore, one.pictures)
            above.plot([one.mean_prob] * 2, [sure.low, sure.high], color=_LINE, linewidth=1.2, alpha=0.35)
            above.plot([one.mean_prob], [one.share_gore], "o", color=_LINE, markersize=5)
    above.text(0.98, 0.02, "bars: 95 % intervals", color=_MUTED, fontsize=_SMALL, ha="right")
    _title(above, f"Expected calibration error {with_interval(report.figures.ece)}")
    _style(below, "Probability", "Pictures")
    bins = report.reliability
    width = bins[0].high - bins[0].low
    most = max(one.pictures for one in bins)
    below.bar([one.low for one in bins], [one.pictures for one in bins], width * 0.9, align="edge", color=_MUTED)
    # Most pictures lie at the ends: on a linear scale nothing else would be seen.
    below.set_yscale("symlog", linthresh=1.0)
    ticks = [0, *(10**power for power in range(len(str(most))))]
    below.set_yticks(ticks, [f"{tick:,}" for tick in ticks])
    below.minorticks_off()
    below.set(xlim=above.get_xlim(), ylim=(0.0, most * 2.0))
    figure.savefig(path, dpi=_DPI)


def _figure(height_in: float, ratios: tuple[float, ...]) -> "tuple[Figure, list[Axes]]":
    """A figure of its own, without the process-wide state of pyplot; axes one below the other."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH_IN, height_in), layout="constrained", facecolor="white")
    grid = figure.add_gridspec(len(ratios), 1, height_ratios=ratios, hspace=0.04)
    return figure, [figure.add_subplot(grid[row, 0]) for row in range(len(ratios))]


def _style(axes: "Axes", x: str, y: str) -> None:
    axes.set_xlabel(x, fontsize=_NORMAL, color=_INK)
    axes.set_ylabel(y, fontsize=_NORMAL, color=_INK)
    axes.tick_params(labelsize=_SMALL, colors=_INK, length=0)
    axes.grid(color=_FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_color(_FAINT)


def _title(axes: "Axes", text: str) -> None:
    axes.set_title(text, loc="left", fontsize=_NORMAL + 1, color=_INK, pad=8)


def _mark_thresholds(axes: "Axes", report: Report) -> None:
    for row in report.thresholds:
        precision, recall = row.precision.value, row.recall.value
        if row.threshold in _MARKED and precision is not None and recall is not None:
            axes.plot([recall], [precision], "o", color=_LINE, markersize=5, markeredgecolor="white")
            axes.annotate(
                f"at {row.threshold:g}",
                (recall, precision),
                textcoords="offset points",
                xytext=(-6, -11),
                fontsize=_SMALL,
                color=_INK,
                ha="right",
            )
