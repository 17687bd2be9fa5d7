"""Labelled pictures: what is known of one, which words are labels, and what a row of a manifest.csv says."""

from collections.abc import Mapping
from dataclasses import dataclass

_GORE = ("positive", "pos", "gore", "graphic", "unsafe", "yes", "true", "1")
_OTHER = ("negative", "neg", "other", "safe", "ordinary", "no_gore", "not_gore", "no", "false", "0")
WORDS = "positive or gore for gore, and negative, safe or other for the rest"
COLUMNS = ("file", "label")
"""What a manifest.csv must have."""


class EvaluationError(Exception):
    """An evaluation that cannot be made. `str()` is one line that names the file and says what to do about it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One labelled picture."""

    file: str
    """Below the folder, with `/` between its parts."""
    gore: bool
    category: str | None = None
    source: str | None = None
    """The collection that it comes from."""
    licence: str | None = None
    split: str | None = None
    group: str | None = None
    """Pictures of one group are no independent witnesses: frames of one video, shots of one person."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A picture that could not be scored, and why."""

    file: str
    reason: str


def label_of(word: str) -> bool | None:
    """Whether a label means gore; None for a word that is no label. Case does not matter."""
    plain = word.strip().lower().replace("-", "_").replace(" ", "_")
    if plain in _GORE:
        return True
    return False if plain in _OTHER else None


def picture_of(row: Mapping[str, str | None], place: str) -> Picture:
    """The picture that a row of a manifest describes. Raises `EvaluationError`, naming `place`."""
    file = (row.get("file") or "").strip()
    if not file:
        raise EvaluationError(f"{place} names no file; fill its column file, or remove the line.")
    label = row.get("label") or ""
    gore = label_of(label)
    if gore is None:
        said = f"the label {printable(label)!r}" if label.strip() else "no label"
        raise EvaluationError(f"{place} gives {printable(file)} {said}; use {WORDS}.")
    return Picture(
        file=file,
        gore=gore,
        category=_text(row, "category"),
        source=_text(row, "source_repo") or _text(row, "source"),
        licence=_text(row, "licence") or _text(row, "license"),
        split=_text(row, "split"),
        group=_text(row, "group"),
    )


def printable(text: str) -> str:
    """A name that may come from anywhere, safe to be shown on a terminal and written as UTF-8."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _text(row: Mapping[str, str | None], column: str) -> str | None:
    return (row.get(column) or "").strip() or None
