"""All figures of a run: the Markdown for people, and the values of the JSON line."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from .figures import Figures, Found, Quiet
from .intervals import Interval, clustered_interval, count_interval, share_interval
from .tables import (
    AIM_DELAY_S,
    AIM_LENGTH_S,
    AIM_PER_HOUR,
    AIM_SHARE,
    by_category,
    by_length,
    curve,
    false_by_category,
    false_incidents,
    front,
    to_blame,
)

_POLICY_KEYS = ("fps", "window", "threshold", "release", "cooldown")
_COLUMNS = ("fps", "window", "threshold", "found_3s", "delay_median_s", "false", "hours")
_WORST = 10


def markdown(default: Figures, varied: Sequence[Figures], endings: Sequence[Figures]) -> str:
    """`varied` and `endings` are the grids of `figures.curve_policies` and `figures.ending_policies`."""
    quiet = default.quiet()
    kinds = [
        ("edited: shots of 2 to 8 s", default.quiet("edited")),
        ("held: shots of 15 to 90 s", default.quiet("held")),
        ("all", quiet),
        ("of it ordinary stills", quiet.of(hard=False)),
        ("of it hard negatives", quiet.of(hard=True)),
    ]
    rows = [(name, one, by_still(one)) for name, one in kinds if one.hours]
    at_rate = [one for one in varied if one.policy.fps == default.policy.fps]
    beside = (
        f"Between the passages, {len(default.false_between)} more. Second incidents in a passage: {default.repeats}. "
        f"Passages missed because an incident was open already: {default.covered}."
    )
    parts = [
        "### Passages found by the default policy",
        by_length(default),
        f"By category, passages of {AIM_LENGTH_S:g} s or longer:",
        by_category(default),
        "### False incidents of the default policy",
        false_incidents(rows),
        beside,
        "By category of what was seen:",
        false_by_category(quiet),
        "The stills behind most of them:",
        to_blame(quiet),
        f"### The trade-off at {default.policy.fps:g} samples/s",
        "Policies that no other one beats in passages found, delay and false incidents at once, and the default:",
        curve(_with(front(at_rate), default), default),
        "### Window and sampling rate at the default threshold",
        curve([one for one in varied if one.policy.threshold == default.policy.threshold], default),
        "### Threshold at the default window and rate",
        curve([one for one in at_rate if one.policy.window == default.policy.window], default),
        "### Release and cooldown",
        curve(endings, default),
    ]
    return "\n\n".join(parts) + "\n"


def values(default: Figures, varied: Sequence[Figures]) -> dict[str, object]:
    """The same for programs; rates are an hour, delays media seconds."""
    quiet = default.quiet()
    low, high = (bound / quiet.hours for bound in count_interval(len(quiet.false)))
    clustered = by_still(quiet)
    counts = Counter(alarm.still.file for alarm in quiet.false)
    return {
        "policy": _policy(default),
        "by_length": {f"{length_s:g}": _found(default.of_length(length_s)) for length_s in default.lengths_s},
        "false": {
            "count": len(quiet.false),
            "hours": round(quiet.hours, 2),
            "per_hour": round(quiet.per_hour, 4),
            "interval": [round(low, 4), round(high, 4)],
            "interval_by_still": None if clustered is None else [round(bound, 4) for bound in clustered],
            "stills_shown": len(quiet.shown_s),
            "stills_to_blame": len(counts),
            "worst": counts.most_common(_WORST),
            "between_passages": len(default.false_between),
        },
        "repeats": default.repeats,
        "covered": default.covered,
        "aims": aims(default),
        "curve": {"columns": _COLUMNS, "rows": [_point(one) for one in varied]},
    }


def aims(figures: Figures) -> dict[str, bool]:
    """Which of the aims a policy reaches, by its point estimates."""
    found = figures.of_length(AIM_LENGTH_S)
    delay_s = found.delay_s(0.5)
    return {
        "found": found.share >= AIM_SHARE,
        "delay": delay_s is not None and delay_s <= AIM_DELAY_S,
        "false": figures.quiet().per_hour <= AIM_PER_HOUR,
    }


def by_still(quiet: Quiet) -> Interval | None:
    """The interval of false incidents an hour when each still counts as one draw, however often it was seen."""
    if not quiet.false:
        return None
    counts = Counter(alarm.still for alarm in quiet.false)
    hours = [seconds / 3600.0 for _, seconds in quiet.shown_s]
    return clustered_interval([counts[still] for still, _ in quiet.shown_s], hours, np.random.default_rng(0))


def _with(figures: list[Figures], default: Figures) -> list[Figures]:
    if any(one.policy == default.policy for one in figures):
        return figures
    return sorted([*figures, default], key=lambda one: one.quiet().per_hour)


def _policy(figures: Figures) -> dict[str, object]:
    chosen = asdict(figures.policy)
    return {key: chosen[key] for key in _POLICY_KEYS}


def _found(found: Found) -> dict[str, object]:
    hits = len(found.delays_s)
    return {
        "passages": found.passages,
        "found": hits,
        "share": round(found.share, 4),
        "interval": [round(bound, 4) for bound in share_interval(hits, found.passages)],
        "delay_median_s": _rounded(found.delay_s(0.5)),
        "delay_p90_s": _rounded(found.delay_s(0.9)),
    }


def _point(figures: Figures) -> list[float | None]:
    policy = figures.policy
    found = figures.of_length(AIM_LENGTH_S)
    quiet = figures.quiet()
    shape = (policy.fps, policy.window, policy.threshold)
    return [*shape, round(found.share, 4), _rounded(found.delay_s(0.5)), len(quiet.false), round(quiet.hours, 2)]


def _rounded(value_s: float | None) -> float | None:
    return None if value_s is None else round(value_s, 3)
