"""The comparison as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inference.evaluation.metrics import Flags, Floats, Weighed, figures, rank

Cell = str | int | float | None
_RESAMPLES = 400


@dataclass(frozen=True, slots=True)
class Part:
    """One table. `told` says what was done, and what was cut short."""

    title: str
    told: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    """Figures to three decimals; None where there is none."""


MEASURED = ("AUROC", "average precision", "95 % interval", "F1 at 0.5", "false positives at 0.5")


def measured(prob: Floats, gore: Flags, rng: np.random.Generator) -> list[Cell]:
    """The cells below `MEASURED`. The interval is that of the average precision, over pictures drawn anew."""
    found = figures(prob, gore)
    weights = np.zeros((_RESAMPLES, len(prob)), np.int64)
    for kind in (np.flatnonzero(gore), np.flatnonzero(~gore)):
        weights[:, kind] = rng.multinomial(len(kind), np.full(len(kind), 1.0 / len(kind)), _RESAMPLES)
    low, high = np.quantile(Weighed(rank(prob, gore), weights).average_precision(), (0.025, 0.975))
    return [found.auroc, found.ap, f"{low:.3f} to {high:.3f}", found.f1, found.false_positives]


def document(about: Sequence[str], parts: Sequence[Part]) -> str:
    """The whole page: what it is, paragraph by paragraph, and a section a part."""
    blocks = ["# Choosing the detector's network", *about]
    for part in parts:
        blocks += [f"## {part.title}", part.told, _table(part.header, part.rows)]
    return "\n\n".join(blocks) + "\n"


def _table(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    numbers = [not any(isinstance(row[at], str) for row in rows) for at in range(len(header))]
    lines = [list(header), ["---:" if number else "---" for number in numbers]]
    lines += [[_cell(cell) for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(cell: Cell) -> str:
    if cell is None:
        return "–"
    return f"{cell:.3f}" if isinstance(cell, float) else str(cell).replace("|", "\\|")
