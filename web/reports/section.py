"""One media of a report as HTML. Pure."""

import base64
from collections.abc import Iterator

from inference.policy import Policy

from .chart import chart, described
from .values import MediaReport, PeakFrame, Shown, lasted_s
from .words import clock, cut, escaped, moment, name_html, prob_text, shortened, verdict

_FRAME_PX = 128
_TALLEST_PX = 160
_LEGEND = (
    ("prob", '<polyline class="prob" points="0,9 7,3 14,8 22,2"/>', "prob, smoothed"),
    ("raw", '<polyline class="raw" points="0,9 5,2 10,10 15,3 22,8"/>', "raw score"),
    ("threshold", '<path class="threshold" d="M0 6h22"/>', "threshold"),
    ("release", '<path class="release" d="M0 6h22"/>', "release"),
    (
        "incident",
        '<rect class="band" width="22" height="12"/><rect class="mark" y="8" width="22" height="4"/>',
        "incident",
    ),
)


def section(media: MediaReport, *, anchor: str) -> str:
    """What is known of it, its scores over time, its incidents."""
    parts = [
        f'<section id="{anchor}" aria-labelledby="{anchor}-name">',
        f'<h2 id="{anchor}-name">{name_html(shortened(media.name))}</h2>',
        f"<p>{verdict_html(media)}{_failure(media)}</p>",
        _facts(media),
        _scores(media),
        _incidents(media),
        "</section>",
    ]
    return "\n".join(part for part in parts if part)


def verdict_html(media: MediaReport) -> str:
    words = verdict(media)
    return f'<strong class="flagged">{words}</strong>' if media.flagged else f"<strong>{words}</strong>"


def _failure(media: MediaReport) -> str:
    if media.failure is None:
        return ""
    partly = "" if media.prob is None else "only a part of it was scored: "
    return f" – {partly}{name_html(cut(media.failure.message))}"


def _facts(media: MediaReport) -> str:
    rows = "".join(f"<dt>{label}</dt><dd>{value}</dd>" for label, value in _facts_of(media))
    return f"<dl>{rows}</dl>"


def _facts_of(media: MediaReport) -> Iterator[tuple[str, str]]:
    yield "Highest prob", prob_text(media.prob)
    yield (
        "Incidents",
        f"{media.incident_count:,}"
        + (f", {clock(media.flagged_s, decimals=1)} in all" if media.incident_count else ""),
    )
    yield "Samples", f"{media.samples:,}"
    yield "Address", name_html(cut(media.uri))
    if media.kept:
        yield "Media", f"<code>{escaped(media.media_id)}</code>"
    if media.started_s is not None:
        end = "" if media.finished_s is None else f" to {moment(media.finished_s)}"
        yield "Watched", f"{moment(media.started_s)}{end}"
    if media.picture is not None:
        rate = "" if media.picture.fps is None else f", {media.picture.fps:.4g} frames/s"
        yield "Picture", f"{escaped(media.picture.codec)}, {media.picture.width} × {media.picture.height}{rate}"
    if media.policy is not None:
        yield "Policy", _policy(media.policy)


def _policy(policy: Policy) -> str:
    adaptive = f", up to {policy.max_fps:g} where prob rises" if policy.adaptive else ""
    return (
        f"threshold {policy.threshold:.4g}, release {policy.release:.4g} for {policy.cooldown:g} s, "
        f"window {policy.window:g} s; at most {policy.fps:g} samples/s{adaptive}; decode {policy.decode}"
    )


def _scores(media: MediaReport) -> str:
    if len(media.points) < 2:
        return ""
    label = described(media.points, media.incident_count)
    drawing = chart(media.points, media.incidents, media.policy, label=label)
    keys = "".join(
        f'<svg class="key" viewBox="0 0 22 12" aria-hidden="true">{lines}</svg>{words}'
        for kind, lines, words in _LEGEND
        if (media.policy is not None or kind not in ("threshold", "release"))
        and (media.incidents or kind != "incident")
    )
    # Narrow windows scroll it: text in it would be too small to read.
    return (
        f'<figure><div class="scroll" tabindex="0" role="group" aria-label="Scores over time">{drawing}</div>'
        f"<figcaption>{keys}. Across: media time, h:mm:ss.</figcaption></figure>"
    )


def _incidents(media: MediaReport) -> str:
    if not media.incidents:
        return ""
    reviewed = any(shown.review is not None for shown in media.incidents)
    labels = ["Start", "End", "Lasted", "Peak", "Peak at", "Peak frame"]
    labels += ["Review"] if reviewed else []
    labels += ["Incident"] if media.kept else []
    head = "".join(f'<th scope="col"{_classes(label)}>{label}</th>' for label in labels)
    rows = "".join(_row(shown, reviewed=reviewed, kept=media.kept) for shown in media.incidents)
    left = media.incident_count - len(media.incidents)
    more = f"<p>The {len(media.incidents)} with the highest peaks are shown; {left:,} more are not.</p>" if left else ""
    return (
        f'<h3>Incidents</h3>{more}<div class="scroll" tabindex="0" role="group" aria-label="Incidents">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _classes(label: str) -> str:
    return ' class="number"' if label in ("Start", "End", "Lasted", "Peak", "Peak at") else ""


def _row(shown: Shown, *, reviewed: bool, kept: bool) -> str:
    incident = shown.incident
    end = "–" if incident.end_s is None else clock(incident.end_s, decimals=1)
    numbers = (
        *(clock(incident.start_s, decimals=1), end, clock(lasted_s(incident), decimals=1)),
        *(prob_text(incident.peak), clock(incident.peak_position_s, decimals=1)),
    )
    cells = [f'<td class="number">{number}</td>' for number in numbers]
    cells.append(f"<td>{_frame(shown.frame, incident.peak_position_s)}</td>")
    if reviewed:
        cells.append(f'<td class="wide">{_review(shown)}</td>')
    if kept:
        cells.append(f"<td><code>{escaped(incident.id)}</code></td>")
    return f"<tr>{''.join(cells)}</tr>"


def _frame(frame: PeakFrame | None, position_s: float) -> str:
    if frame is None:
        return '<span class="muted">none kept</span>'
    width = min(_FRAME_PX, round(_TALLEST_PX * frame.width / frame.height))
    height = round(width * frame.height / frame.width)
    data = base64.b64encode(frame.png).decode()
    alt = f"The frame at {clock(position_s)}, in grey blocks"
    return f'<img src="data:image/png;base64,{data}" width="{width}" height="{height}" alt="{alt}">'


def _review(shown: Shown) -> str:
    review = shown.review
    if review is None:
        return '<span class="muted">not reviewed</span>'
    note = "" if not review.note else f": {name_html(cut(review.note))}"
    return f"{review.verdict.value} {moment(review.at_s)}{note}"
