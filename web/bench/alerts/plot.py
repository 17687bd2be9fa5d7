"""The trade-off as a picture: passages found and delay against false incidents, the default marked."""

from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .figures import Figures
from .tables import AIM_DELAY_S, AIM_LENGTH_S, AIM_PER_HOUR, AIM_SHARE

_COLOURS = ("#4477aa", "#66ccee", "#228833", "#ccbb44", "#ee6677", "#aa3377", "#bbbbbb")
_MARKERS = "osD^vP*"
_NONE_AT = 0.5
"""A policy without a false incident is drawn where half a one would be: the axis is logarithmic."""


def write_plot(path: Path, curve: Sequence[Figures], default: Figures) -> None:
    """Two panels over false incidents an hour, one line a window, one point a threshold, at the default's rate."""
    figure = Figure(figsize=(11.0, 4.8), layout="constrained")
    found, delay = figure.subplots(1, 2)
    at_rate = [one for one in curve if one.policy.fps == default.policy.fps]
    _panel(found, at_rate, default, lambda one: 100.0 * one.of_length(AIM_LENGTH_S).share)
    _panel(delay, at_rate, default, _median_s)
    found.axhline(100.0 * AIM_SHARE, color="grey", linestyle=":", linewidth=1.0)
    delay.axhline(AIM_DELAY_S, color="grey", linestyle=":", linewidth=1.0)
    found.set_ylabel(f"passages of {AIM_LENGTH_S:g} s found, %")
    delay.set_ylabel(f"median delay, passages of {AIM_LENGTH_S:g} s, s")
    found.legend(title="window", fontsize="small", title_fontsize="small")
    thresholds = sorted({one.policy.threshold for one in at_rate})
    figure.suptitle(
        f"{default.policy.fps:g} samples/s, {default.quiet().hours:.1f} h of ordinary material; "
        f"thresholds {thresholds[0]:g} (right) to {thresholds[-1]:g} (left); dotted: aims; ring: default",
        fontsize="medium",
    )
    figure.savefig(path, dpi=110)


def _panel(axes: Axes, curve: Sequence[Figures], default: Figures, height: Callable[[Figures], float]) -> None:
    for place, window_s in enumerate(sorted({one.policy.window for one in curve})):
        line = sorted((one for one in curve if one.policy.window == window_s), key=lambda one: one.policy.threshold)
        axes.plot(
            [_across(one) for one in line],
            [height(one) for one in line],
            color=_COLOURS[place % len(_COLOURS)],
            marker=_MARKERS[place % len(_MARKERS)],
            markersize=4.0,
            linewidth=1.2,
            label=f"{window_s:g} s",
        )
    axes.plot([_across(default)], [height(default)], "o", markersize=14.0, fillstyle="none", color="black")
    axes.axvline(AIM_PER_HOUR, color="grey", linestyle=":", linewidth=1.0)
    axes.set_xscale("log")
    axes.set_xlabel("false incidents an hour")
    axes.grid(alpha=0.25)


def _across(figures: Figures) -> float:
    quiet = figures.quiet()
    return max(len(quiet.false), _NONE_AT) / quiet.hours


def _median_s(figures: Figures) -> float:
    delay_s = figures.of_length(AIM_LENGTH_S).delay_s(0.5)
    return float("nan") if delay_s is None else delay_s
