"""The scores of media as a PNG: a panel a video, and one in which every image is a point."""

import io
import warnings
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from inference.policy import Policy

from .chart import extent, runs
from .values import MediaReport, highest
from .words import printable, prob_text, shortened, ticks, verdict

_MOST_PANELS = 24
_MOST_NAMED = 8
"""Images that are named below the axis; more are numbered in the order in which they were given."""
_NAME_CHARACTERS = 22
_WIDTH_IN, _PANEL_IN, _FOOT_IN = 11.0, 2.6, 0.4
_LEFT_IN, _RIGHT_IN, _ABOVE_IN, _BELOW_IN = 0.5, 0.45, 0.35, 0.5
"""Around the axes of a panel."""
_DPI = 110
_MOST_TICKS = 11
_PROB, _RAW, _INCIDENT, _LEVEL = "#0072b2", "#8d979f", "#d55e00", "#1f2328"
_INK, _FAINT = "#1f2328", "#e6e8ec"
_SMALL, _NORMAL = 8, 9
_DASHES, _DOTS = (0, (5, 3)), (0, (1, 2))
_TOP = 1.04
"""Above 1, so that a line there is seen."""


def plot(media: Sequence[MediaReport]) -> bytes:
    """A PNG of up to 24 videos, those with the highest prob, and of all images. What is left out is said on it."""
    scored = [one for one in media if one.points]
    images = [one for one in scored if len(one.points) == 1]
    videos = [one for one in scored if len(one.points) > 1]
    panels = _worst(videos)
    rows = len(panels) + bool(images)
    height_in = _FOOT_IN + _PANEL_IN * rows
    figure = Figure(figsize=(_WIDTH_IN, height_in), facecolor="white")
    # Placed by hand: a layout that is solved takes many seconds for so many.
    for row, one in enumerate([*panels, *([None] if images else [])]):
        bottom_in = height_in - _PANEL_IN * (row + 1) + _BELOW_IN
        box = (_LEFT_IN, bottom_in, _WIDTH_IN - _LEFT_IN - _RIGHT_IN, _PANEL_IN - _BELOW_IN - _ABOVE_IN)
        axes = figure.add_axes((box[0] / _WIDTH_IN, box[1] / height_in, box[2] / _WIDTH_IN, box[3] / height_in))
        if one is None:
            _images(axes, images)
        else:
            _video(axes, one)
    foot = _foot(len(media) - len(scored), len(videos), len(panels))
    figure.text(0.5, 0.12 / height_in, foot, ha="center", fontsize=_NORMAL, color=_INK)
    out = io.BytesIO()
    with warnings.catch_warnings():
        # Of names in scripts that its font has not; they are drawn as boxes.
        warnings.simplefilter("ignore", UserWarning)
        figure.savefig(out, format="png", dpi=_DPI)
    return out.getvalue()


def _worst(videos: Sequence[MediaReport]) -> list[MediaReport]:
    kept = sorted(videos, key=lambda one: one.prob or 0.0, reverse=True)[:_MOST_PANELS]
    return [one for one in videos if any(one is other for other in kept)]


def _foot(unread: int, videos: int, panels: int) -> str:
    words = []
    if panels < videos:
        words.append(f"the {panels} of {videos:,} videos with the highest prob")
    if unread:
        words.append(f"not readable: {unread:,}")
    return "; ".join(words)


def _video(axes: Axes, media: MediaReport) -> None:
    points = media.points
    first_s, last_s = extent(points)
    _style(axes, media.policy)
    axes.set_xlim(first_s, last_s)
    marks = ticks(first_s, last_s, most=_MOST_TICKS)
    axes.set_xticks([position_s for position_s, _ in marks], [words for _, words in marks])
    for run in runs(points):
        across = [points[at].position_s for at in run]
        # Of a single point a line would not be drawn.
        marker = "." if len(run) == 1 else ""
        raw, prob = [points[at].raw for at in run], [points[at].prob for at in run]
        axes.plot(across, raw, color=_RAW, linewidth=0.8, marker=marker)
        axes.plot(across, prob, color=_PROB, linewidth=1.7, marker=marker)
    _mark_incidents(axes, media, last_s)
    _head(axes, shortened(media.name), f"{verdict(media)}, highest prob {prob_text(media.prob)}")
    _legend(axes, media)


def _mark_incidents(axes: Axes, media: MediaReport, last_s: float) -> None:
    for shown in highest(media.incidents):
        incident = shown.incident
        end_s = last_s if incident.end_s is None else incident.end_s
        axes.axvspan(incident.start_s, end_s, facecolor=_INCIDENT, alpha=0.18, edgecolor="none")
        # At the foot with an edge, so that the shortest in a long video is seen, and without colours.
        axes.axvspan(incident.start_s, end_s, ymax=0.035, color=_INCIDENT, linewidth=1.2)
        axes.plot(
            [incident.peak_position_s],
            [min(incident.peak + 0.035, _TOP)],
            marker="v",
            markersize=5.5,
            color=_INCIDENT,
            clip_on=False,
        )


def _images(axes: Axes, images: Sequence[MediaReport]) -> None:
    _style(axes, images[0].policy)
    numbers = range(1, len(images) + 1)
    for flagged, colour, marker in ((False, _PROB, "o"), (True, _INCIDENT, "^")):
        those = [(at, one.points[0].prob) for at, one in zip(numbers, images, strict=True) if one.flagged is flagged]
        if those:
            axes.vlines(
                [at for at, _ in those], 0.0, [prob for _, prob in those], color=_FAINT, linewidth=1.0, zorder=1
            )
            axes.plot(*zip(*those, strict=True), linestyle="none", marker=marker, markersize=5.5, color=colour)
    axes.set_xlim(0.5, len(images) + 0.5)
    if len(images) <= _MOST_NAMED:
        axes.set_xticks(list(numbers), [_ended(one.name) for one in images])
    else:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=12, integer=True))
        axes.set_xlabel("image, in the order given", fontsize=_SMALL, color=_INK)
    for label in axes.get_xticklabels():
        label.set_parse_math(False)
    flagged_count = sum(one.flagged for one in images)
    _head(axes, "1 image" if len(images) == 1 else f"{len(images):,} images", f"flagged (triangles): {flagged_count:,}")


def _ended(name: str) -> str:
    """The end of a name, which tells most apart."""
    line = printable(shortened(name))
    return line if len(line) <= _NAME_CHARACTERS else f"…{line[1 - _NAME_CHARACTERS :]}"


def _style(axes: Axes, policy: Policy | None) -> None:
    axes.set_ylim(0.0, _TOP)
    axes.set_yticks([0.0, 0.25, 0.5, 0.75, 1.0], ["0", "0.25", "0.5", "0.75", "1"])
    axes.tick_params(labelsize=_SMALL, colors=_INK, length=3)
    axes.grid(color=_FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_color(_FAINT)
    if policy is not None:
        axes.axhline(policy.threshold, color=_LEVEL, linewidth=1.0, linestyle=_DASHES)
        axes.axhline(policy.release, color=_LEVEL, linewidth=0.9, linestyle=_DOTS)


def _head(axes: Axes, left: str, right: str) -> None:
    # Dollars in names are no mathematics.
    axes.set_title(printable(left), loc="left", fontsize=_NORMAL, color=_INK, parse_math=False)
    axes.set_title(right, loc="right", fontsize=_NORMAL, color=_INK)


def _legend(axes: Axes, media: MediaReport) -> None:
    axes.plot([], [], color=_PROB, linewidth=1.7, label="prob, smoothed")
    axes.plot([], [], color=_RAW, linewidth=0.8, label="raw score")
    if media.policy is not None:
        axes.plot([], [], color=_LEVEL, linestyle=_DASHES, linewidth=1.0, label=f"threshold {media.policy.threshold:g}")
        axes.plot([], [], color=_LEVEL, linestyle=_DOTS, linewidth=0.9, label=f"release {media.policy.release:g}")
    if media.incidents:
        axes.plot([], [], color=_INCIDENT, linestyle="none", marker="v", label="incident and its peak")
    axes.legend(fontsize=_SMALL, ncols=5, loc="upper left", bbox_to_anchor=(0.0, -0.13), frameon=False, borderpad=0.0)
