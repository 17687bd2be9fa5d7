"""The 13 keys of the Sightengine model gore-2.0, derived from what our detector tells.

The detector tells `p`, the probability of gore; probabilities of the classes blood, wound, organ, skull and drawn; and
in which cells of a coarse map it sees gore. `RULE` is how the keys follow from that, key by key, and `rule_markdown`
prints it for the model card. The first four classes are kinds of gore, so they are never likelier than gore itself;
being drawn is not, so it divides `p`. `extent` tells much from little: the share of the map's cells whose probability
is over 0.5, as part of `FULL_SHARE`, at most 1. Nothing is invented: what the detector does not tell apart is 0.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FULL_SHARE = 0.25
"""From this share of the map's cells on, blood is all `very_bloody` and a wound all `serious_injury`."""
UNKNOWN_EXTENT = 0.5
"""Of a detector without a map: much and little are equally likely."""
_CELL_OVER = 0.5
_DECIMALS = 4

RULE: tuple[tuple[str, str, str], ...] = (
    ("very_bloody", "min(p, blood) × extent", "blood over much of the picture"),
    ("slightly_bloody", "min(p, blood) × (1 − extent)", "blood in a small part of it"),
    ("body_organ", "min(p, organ)", "the inside of a body"),
    ("serious_injury", "min(p, wound) × extent", "wounds over much of the picture"),
    ("superficial_injury", "min(p, wound) × (1 − extent)", "wounds in a small part of it"),
    ("corpse", "0", "not told apart"),
    ("skull", "min(p, skull)", "human skulls and bones"),
    ("unconscious", "0", "not told apart"),
    ("body_waste", "0", "not told apart"),
    ("other", "p − min(p, max(blood, wound, organ, skull))", "gore that none of the classes accounts for"),
    ("animated", "p × drawn", "drawn, painted or rendered"),
    ("fake", "0", "staged gore is not told from real gore"),
    ("real", "p × (1 − drawn)", "what is not drawn, convincing film scenes included"),
)
"""Key, formula and what it stands for; the last three are the types, the others the classes."""

CLASSES = tuple(key for key, _, _ in RULE[:-3])
TYPES = tuple(key for key, _, _ in RULE[-3:])


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """What gore-2.0 answers. Every number is in [0, 1], has 4 decimals and is not greater than `prob`."""

    prob: float
    """The same for both models."""
    classes: dict[str, float]
    """The ten classes, in the order of the API."""
    type: dict[str, float]
    """`animated`, `fake` and `real`; they add up to `prob`."""


def taxonomy(prob: float, classes: Mapping[str, float] | None = None, share: float | None = None) -> Taxonomy:
    """Apply `RULE`. `classes`: probabilities by name; `share`: of the map's cells over 0.5 (`share_over`).

    A class that is not given counts as 0, so that without any all of `prob` is `other` and `real`; without a `share`
    `extent` is `UNKNOWN_EXTENT`. Raises ValueError for what is not in [0, 1].
    """
    p = _checked("prob", prob)
    told = {name: _checked(name, value) for name, value in (classes or {}).items()}
    blood, wound, organ, skull, drawn = (told.get(name, 0.0) for name in ("blood", "wound", "organ", "skull", "drawn"))
    extent = UNKNOWN_EXTENT if share is None else min(_checked("share", share) / FULL_SHARE, 1.0)
    values = {
        "very_bloody": min(p, blood) * extent,
        "slightly_bloody": min(p, blood) * (1.0 - extent),
        "body_organ": min(p, organ),
        "serious_injury": min(p, wound) * extent,
        "superficial_injury": min(p, wound) * (1.0 - extent),
        "skull": min(p, skull),
        "other": p - min(p, max(blood, wound, organ, skull)),
        "animated": p * drawn,
        "real": p * (1.0 - drawn),
    }
    rounded = {key: round(values.get(key, 0.0), _DECIMALS) for key, _, _ in RULE}
    return Taxonomy(
        prob=round(p, _DECIMALS),
        classes={key: rounded[key] for key in CLASSES},
        type={key: rounded[key] for key in TYPES},
    )


def share_over(cells: npt.NDArray[np.float32]) -> float:
    """The share of a map's cells, rows × columns of probabilities, that see gore."""
    return float((cells > _CELL_OVER).mean())


def rule_markdown() -> str:
    """`RULE` as a table, and what its words mean."""
    rows = [
        f"| `{'classes' if key in CLASSES else 'type'}.{key}` | {formula} | {meaning} |"
        for key, formula, meaning in RULE
    ]
    words = (
        "`p` is `gore.prob`; `blood`, `wound`, `organ`, `skull` and `drawn` are the detector's classes, 0 where it has "
        f"no such class. `extent` is the share of the score map's cells that are over {_CELL_OVER}, divided by "
        f"{FULL_SHARE}, at most 1; without a map it is {UNKNOWN_EXTENT}. Values are rounded to {_DECIMALS} decimals."
    )
    return "\n".join(["| key | from | meaning |", "| --- | --- | --- |", *rows, "", words])


def _checked(name: str, value: float) -> float:
    if not (math.isfinite(value) and 0.0 <= value <= 1.0):
        raise ValueError(f"{name} must be in [0, 1], not {value}")
    return float(value)
