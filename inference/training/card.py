"""The model card's tables: written between their markers in the card, so that no figure in it is typed."""

import re
from collections.abc import Mapping

_BLOCK = re.compile(r"(<!-- begin (?P<name>[a-z-]+) -->\n).*?(<!-- end (?P=name) -->)", re.DOTALL)


class CardError(ValueError):
    """The card and the tables do not fit; the message names the block."""


def filled(card: str, blocks: Mapping[str, str]) -> str:
    """The card with each block between `<!-- begin NAME -->` and `<!-- end NAME -->` replaced; others stay.

    Raises `CardError` for a block that the card has no place for.
    """
    places = {found["name"] for found in _BLOCK.finditer(card)}
    if lacking := sorted(set(blocks) - places):
        raise CardError(f"the card has no <!-- begin {lacking[0]} --> … <!-- end {lacking[0]} -->: add it")

    def replaced(found: re.Match[str]) -> str:
        name = found["name"]
        return f"{found[1]}\n{blocks[name].strip()}\n\n{found[3]}" if name in blocks else found[0]

    return _BLOCK.sub(replaced, card)


def figure(metrics: Mapping[str, object], *path: str) -> float | None:
    """A number in nested metrics, None where there is none."""
    value: object = metrics
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return float(value) if isinstance(value, int | float) else None
