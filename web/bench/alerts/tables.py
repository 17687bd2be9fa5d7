"""The figures as Markdown."""

from collections import Counter
from collections.abc import Iterable, Sequence

from .figures import Figures, Found, Quiet
from .intervals import Interval, count_interval, share_interval

AIM_LENGTH_S = 3.0
AIM_SHARE = 0.95
AIM_DELAY_S = 1.5
AIM_PER_HOUR = 1.0 / 24.0
AIM_FPS = 2.0
_WORST = 20


def by_length(figures: Figures) -> str:
    rows = [(f"{length_s:g} s", figures.of_length(length_s)) for length_s in figures.lengths_s]
    return _found_table("passage", rows)


def by_category(figures: Figures) -> str:
    return _found_table("category", figures.by_category(AIM_LENGTH_S).items())


def false_incidents(rows: Iterable[tuple[str, Quiet, Interval | None]]) -> str:
    """One row a kind of material: its figures, and the interval of the rate when each still counts as one draw."""
    lines = []
    for name, quiet, clustered in rows:
        low, high = (bound / quiet.hours for bound in count_interval(len(quiet.false)))
        by_still = "" if clustered is None else f"{clustered[0]:.2f} to {clustered[1]:.2f}"
        lines.append(
            f"| {name} | {quiet.hours:.2f} | {len(quiet.shown_s)} | {len(quiet.false)} "
            f"| {quiet.per_hour:.3f} ({low:.3f} to {high:.3f}) | {by_still} | {24.0 * quiet.per_hour:.1f} |"
        )
    return _table("what", ("hours", "stills", "false", "an hour", "an hour, by still", "in 24 h"), lines)


def to_blame(quiet: Quiet) -> str:
    """The stills behind false incidents, worst first, and the categories."""
    counts = Counter(alarm.still for alarm in quiet.false)
    shown_s = dict(quiet.shown_s)
    lines = [
        f"| `{still.file}` | {count} | {shown_s[still] / 60.0:.1f} |" for still, count in counts.most_common(_WORST)
    ]
    return _table("still", ("false", "minutes seen"), lines)


def false_by_category(quiet: Quiet) -> str:
    hours: Counter[str] = Counter()
    counts: Counter[str] = Counter(alarm.still.category for alarm in quiet.false)
    seconds: dict[str, float] = {}
    for still, shown_s in quiet.shown_s:
        seconds[still.category] = seconds.get(still.category, 0.0) + shown_s
        hours[still.category] += 1
    order = sorted(seconds, key=lambda name: (-counts[name] / seconds[name], name))
    lines = [
        f"| {name} | {hours[name]} | {seconds[name] / 60.0:.1f} | {counts[name]} "
        f"| {3600.0 * counts[name] / seconds[name]:.2f} |"
        for name in order
    ]
    return _table("category", ("stills", "minutes seen", "false", "an hour seen"), lines)


def curve(figures: Sequence[Figures], default: Figures) -> str:
    """One row a policy; the default's is bold."""
    return _table(
        "samples/s",
        (
            "window, s",
            "threshold",
            "release",
            "cooldown, s",
            "3 s found",
            "2 s found",
            "1 s found",
            "delay, s: median",
            "p90",
            "false an hour",
            "repeats",
        ),
        [_curve_row(one, bold=one.policy == default.policy) for one in figures],
    )


def front(figures: Iterable[Figures]) -> list[Figures]:
    """Those that no other beats in one of 3 s passages found, median delay and false incidents, and equals in the rest.

    Ordered by false incidents.
    """
    judged = [(one, _merits(one)) for one in figures]
    best = [
        one
        for one, mine in judged
        if not any(theirs != mine and all(a <= b for a, b in zip(theirs, mine, strict=True)) for _, theirs in judged)
    ]
    return sorted(best, key=lambda one: (one.quiet().per_hour, -one.of_length(AIM_LENGTH_S).share))


def _merits(figures: Figures) -> tuple[float, float, float]:
    """The less, the better."""
    found = figures.of_length(AIM_LENGTH_S)
    delay_s = found.delay_s(0.5)
    return figures.quiet().per_hour, 1.0 - found.share, AIM_LENGTH_S if delay_s is None else delay_s


def _curve_row(figures: Figures, *, bold: bool) -> str:
    policy = figures.policy
    found = figures.of_length(AIM_LENGTH_S)
    cells = [
        f"{policy.fps:g}",
        f"{policy.window:g}",
        f"{policy.threshold:g}",
        f"{policy.release:g}",
        f"{policy.cooldown:g}",
        *(f"{100.0 * figures.of_length(length_s).share:.1f} %" for length_s in (3.0, 2.0, 1.0)),
        _seconds(found.delay_s(0.5)),
        _seconds(found.delay_s(0.9)),
        f"{figures.quiet().per_hour:.3f}",
        f"{figures.repeats}",
    ]
    return "| " + " | ".join(f"**{cell}**" if bold else cell for cell in cells) + " |"


def _found_table(kind: str, rows: Iterable[tuple[str, Found]]) -> str:
    lines = []
    for name, found in rows:
        hits = len(found.delays_s)
        low, high = share_interval(hits, found.passages)
        lines.append(
            f"| {name} | {found.passages} | {hits} | {100 * found.share:.1f} % ({100 * low:.1f} to {100 * high:.1f}) "
            f"| {_seconds(found.delay_s(0.5))} | {_seconds(found.delay_s(0.9))} |"
        )
    return _table(kind, ("passages", "found", "share", "delay, s: median", "p90"), lines)


def _table(first: str, others: Sequence[str], lines: Sequence[str]) -> str:
    head = f"| {' | '.join([first, *others])} |"
    return "\n".join([head, "|---" + "|---:" * len(others) + "|", *lines])


def _seconds(value_s: float | None) -> str:
    return "–" if value_s is None else f"{value_s:.2f}"
