"""Positions, scores and names as reports write them. Pure."""

import html
import unicodedata
from datetime import UTC, datetime

from inference.summary import probability

from .values import MediaReport

_NAME_CHARACTERS = 80
_TAIL_CHARACTERS = 40
_TEXT_CHARACTERS = 500
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that make text be shown in another order than it has: gpj.exe as exe.jpg."""
_STEPS_S = (
    *(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0),
    *(60.0 * minutes for minutes in (1, 2, 5, 10, 15, 30)),
    *(3600.0 * hours for hours in (1, 2, 3, 6, 12, 24, 48, 120, 240, 480, 1200, 2400)),
)


def clock(position_s: float, *, decimals: int = 0) -> str:
    """h:mm:ss of media time, of which the last digit is cut and not rounded, as clocks do."""
    ticks = int(max(0.0, position_s) * 10**decimals + 1e-6)
    whole_s, rest = divmod(ticks, 10**decimals)
    minutes, seconds = divmod(whole_s, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" + (f".{rest:0{decimals}}" if decimals else "")


def ticks(first_s: float, last_s: float, *, most: int) -> list[tuple[float, str]]:
    """Round positions from one to another, both included, each with its label: at most `most` of them."""
    span_s = last_s - first_s
    step_s = next((step_s for step_s in _STEPS_S if span_s / step_s <= most - 1), max(_STEPS_S[-1], span_s))
    decimals = 2 if step_s < 0.1 else 1 if step_s < 1.0 else 0
    first = -int(-first_s // step_s)
    last = int(last_s / step_s + 1e-9)
    return [(number * step_s, clock(number * step_s, decimals=decimals)) for number in range(first, last + 1)]


def moment(unix_s: float) -> str:
    """A time of day, in UTC."""
    return f"{datetime.fromtimestamp(unix_s, tz=UTC):%Y-%m-%d %H:%M:%S} UTC"


def prob_text(prob: float | None) -> str:
    """As every interface shows it."""
    return "–" if prob is None else f"{probability(prob):.4f}"


def verdict(media: MediaReport) -> str:
    """In words, so that no colour is needed to tell."""
    if media.prob is None:
        return "not readable"
    said = "flagged" if media.flagged else "clear"
    return said if media.complete else f"{said}, incomplete"


def printable(text: str) -> str:
    """The same with a mark in the place of what cannot be shown, control characters say, or would mislead."""
    return "".join("\ufffd" if _hidden(one) else one for one in text)


def shortened(text: str) -> str:
    """On one line, with its end, which tells most names apart."""
    line = " ".join(text.split()) or "(no name)"
    if len(line) <= _NAME_CHARACTERS:
        return line
    return f"{line[: _NAME_CHARACTERS - _TAIL_CHARACTERS - 1]}…{line[-_TAIL_CHARACTERS:]}"


def cut(text: str) -> str:
    """All of it, unless it is so long that it would bury the rest."""
    if len(text) <= _TEXT_CHARACTERS:
        return text
    return f"{text[:_TEXT_CHARACTERS]}… ({len(text):,} characters)"


def escaped(text: str) -> str:
    """Text from outside as HTML, in elements and in quoted attributes."""
    return html.escape(printable(text), quote=True)


def name_html(text: str) -> str:
    """The same kept to itself, so that one that is written from right to left turns nothing else around."""
    return f"<bdi>{escaped(text)}</bdi>"


def _hidden(one: str) -> bool:
    return one in _TURNING or (unicodedata.category(one) in ("Cc", "Cs") and one not in "\t\n")
