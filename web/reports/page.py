"""A report as one page of HTML that needs nothing beside it. Pure."""

from collections.abc import Sequence

from .section import section, verdict_html
from .style import CONTENT_SECURITY_POLICY, STYLE
from .values import MediaReport, Report
from .words import escaped, moment, name_html, prob_text, shortened


def page(report: Report) -> str:
    """The whole page. Whatever text comes from outside is in it as text."""
    media = report.media
    title = f"gorewatch: {shortened(media[0].name) if len(media) == 1 else f'{len(media):,} media'}"
    sections = "\n".join(section(one, anchor=f"media-{number}") for number, one in enumerate(media, start=1))
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{CONTENT_SECURITY_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>{escaped(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<h1>What was found</h1>
<p>{_found(media)}</p>
<p class="muted">Made {moment(report.made_s)} by {escaped(report.made_by)}; detector {escaped(report.detector)}.
A score is no proof: a person has to look before anybody acts on it. Frames are shown in grey blocks.</p>
</header>
{_contents(media)}<main>
{sections}
</main>
</body>
</html>
"""


def _found(media: Sequence[MediaReport]) -> str:
    flagged = sum(one.flagged for one in media)
    unread = sum(not one.complete for one in media)
    incidents = sum(one.incident_count for one in media)
    words = [f"{flagged:,} of {len(media):,} media flagged", f"incidents: {incidents:,}"]
    if unread:
        words.append(f"not read, or not to the end: {unread:,}")
    return "; ".join(words) + "."


def _contents(media: Sequence[MediaReport]) -> str:
    if len(media) < 2:
        return ""
    rows = "".join(
        f'<tr><td class="wide"><a href="#media-{number}">{name_html(shortened(one.name))}</a></td>'
        f'<td>{verdict_html(one)}</td><td class="number">{prob_text(one.prob)}</td>'
        f'<td class="number">{one.incident_count:,}</td><td class="number">{one.samples:,}</td></tr>'
        for number, one in enumerate(media, start=1)
    )
    return f"""\
<nav aria-label="Contents">
<h2>Contents</h2>
<div class="scroll" tabindex="0" role="group" aria-label="Media">
<table>
<thead><tr><th scope="col">Media</th><th scope="col">Verdict</th><th scope="col" class="number">Highest prob</th>\
<th scope="col" class="number">Incidents</th><th scope="col" class="number">Samples</th></tr></thead>
<tbody>{rows}</tbody>
</table>
</div>
</nav>
"""
