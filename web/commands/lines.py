"""An event as a line for people."""

from collections.abc import Mapping
from datetime import datetime

import click

_COLOURS = {
    "media.failed": "red",
    "media.stalled": "yellow",
    "gap": "yellow",
    "store.failed": "red",
    "store.recovered": "green",
    "media.started": "green",
    "media.resumed": "green",
    "media.finished": "cyan",
}
_BAR_CELLS = 20
_CALM, _HIGH = 0.25, 0.5
"""From the first prob on the bar is yellow, from the second red; thresholds of streams are not known here."""


def event_line(event: Mapping[str, object]) -> str:
    """Local time, stream, type and what matters of the data; coloured, prob by its height and incidents loudest."""
    kind = str(event.get("type"))
    data = event.get("data")
    values = data if isinstance(data, Mapping) else {}
    stream = str(event.get("source", "")).rsplit("/", 1)[-1]
    head = _printable(f"{_clock(str(event.get('time', '')))}  {stream[-8:]:<8}  {kind:<14}  ")
    told = _printable(_told(kind, values))
    match kind:
        case "gore.prob":
            return head + click.style(told, fg=_colour(_prob(values.get("gore"))))
        case "gore.incident":
            return head + click.style(f" {told} ", fg="bright_white", bg="red", bold=True)
    return click.style((head + told).rstrip(), fg=_COLOURS.get(kind))


def _told(kind: str, data: Mapping[str, object]) -> str:
    match kind:
        case "gore.prob":
            return f"{_position(data)}  {_bar(_prob(data.get('gore')))}"
        case "gore.incident":
            return f"{_position(data)}  INCIDENT {data.get('state')}, prob {_prob(data.get('gore')):.2f}"
        case "media.started":
            return f"{data.get('codec')} {data.get('width')}x{data.get('height')}"
        case "media.stalled" | "media.resumed" | "store.failed":
            return str(data.get("reason", ""))
        case "media.failed":
            return str(_inner(data, "error").get("message", ""))
        case "media.finished":
            return _outcome(_inner(data, "summary"))
        case "gap":
            return "some events are no longer kept"
        case "store.recovered":
            return f"{data.get('dropped')} events were lost"
    return ""


def _outcome(summary: Mapping[str, object]) -> str:
    if summary.get("status") != "success":
        return str(_inner(summary, "error").get("message", ""))
    return f"highest prob {_prob(summary.get('gore')):.2f} in {_inner(summary, 'request').get('operations')} samples"


def _inner(data: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def _prob(value: object) -> float:
    prob = value.get("prob") if isinstance(value, Mapping) else None
    return float(prob) if isinstance(prob, int | float) else 0.0


def _printable(text: str) -> str:
    """Without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def _colour(prob: float) -> str:
    return "green" if prob < _CALM else "yellow" if prob < _HIGH else "red"


def _bar(prob: float) -> str:
    full = round(prob * _BAR_CELLS)
    return f"{'█' * full}{'·' * (_BAR_CELLS - full)} {prob:.2f}"


def _position(data: Mapping[str, object]) -> str:
    position = data.get("position")
    return f"{position:9.2f} s" if isinstance(position, int | float) else ""


def _clock(time: str) -> str:
    try:
        return datetime.fromisoformat(time).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return time
