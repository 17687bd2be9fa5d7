"""Leaving sources out in turn: which of them together, and what else must not be shown then."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from inference.training.picture import DataError, Picture

_FAMILY: dict[str, str] = {
    "animals": "ordinary",
    "blood_film": "blood",
    "blood_pattern_white": "blood",
    "blood_sprite": "drawn gore",
    "blood_stain": "blood",
    "clothing": "things",
    "diagrams": "drawn",
    "drawn_gore": "drawn gore",
    "fight_no_blood": "people",
    "film_no_blood": "people",
    "flowers": "ordinary",
    "food_dishes": "food",
    "food_meat": "food",
    "food_produce": "food",
    "game_graphics": "drawn",
    "game_sprites": "drawn",
    "medical_nongore": "medical",
    "objects_on_white": "things",
    "ordinary_bsds": "ordinary",
    "ordinary_coco": "ordinary",
    "ordinary_imagenet": "ordinary",
    "people_faces": "people",
    "red_things": "things",
    "skin_acne": "skin",
    "skin_closeup": "skin",
    "skin_hands": "skin",
    "skin_tattoo": "skin",
    "skull_render": "skull",
    "street_frames": "street",
    "surgery_laparoscopic": "surgery",
    "surveillance": "people",
    "weapons": "things",
    "wound_abrasion_cut": "wound",
    "wound_animal": "wound",
    "wound_burn": "wound",
    "wound_laceration": "wound",
    "wound_surgical": "wound",
    "wound_ulcer": "wound",
}
"""What is alike enough that a network can learn one from the other."""


def family(category: str) -> str:
    """The broad class of a category; one that is not known yet is its own."""
    return _FAMILY.get(category, category)


@dataclass(frozen=True, slots=True)
class Fold:
    """Sources that are left out together, and what their pictures are copies of."""

    sources: frozenset[str]
    copies: frozenset[str]

    def holds(self, picture: Picture) -> bool:
        """Whether the picture is asked about in this fold."""
        return picture.source in self.sources

    def shows(self, picture: Picture) -> bool:
        """Whether a network of this fold may train on the picture: not of its sources, nor a copy of one of theirs."""
        return picture.source not in self.sources and picture.copies not in self.copies


def leave_out(pictures: Sequence[Picture], folds: int) -> list[Fold]:
    """The folds of `source_folds`, with the copies that lie in other sources. Needs the pictures of `data.prepare`."""
    return [
        Fold(sources, frozenset(each.copies for each in pictures if each.copies and each.source in sources))
        for sources in source_folds(pictures, folds)
    ]


def source_folds(pictures: Sequence[Picture], folds: int) -> list[frozenset[str]]:
    """The sources dealt into at most `folds` folds, so that what a fold holds out is still to be learnt elsewhere.

    Greedy: the sources are dealt largest first, each to the fold where it does least harm. Worst is to hold out all
    sources of a family that has several; next, to hold out much of one category together; then much of one family; then
    to let a fold's gore, or its other pictures, and at last the whole fold grow beyond the others'. Raises `DataError`
    for fewer than two folds or sources.
    """
    by_source: dict[str, Counter[tuple[bool, str]]] = defaultdict(Counter)
    for picture in pictures:
        by_source[picture.source][picture.gore, picture.category] += 1
    if folds < 2 or len(by_source) < 2:
        raise DataError(f"cannot leave out each of {len(by_source)} sources in {folds} folds: both must be 2 or more")
    families = {source: _families(kinds) for source, kinds in by_source.items()}
    supported_by = Counter(each for held in families.values() for each in held)
    dealt: list[list[str]] = [[] for _ in range(min(folds, len(by_source)))]

    def harm(at: int, source: str) -> tuple[int, ...]:
        together = Counter(each for other in (*dealt[at], source) for each in families[other])
        exhausted = sum(count == supported_by[each] > 1 for each, count in together.items())
        held = sum((by_source[other] for other in dealt[at]), Counter[tuple[bool, str]]())
        mostly_gore = 2 * _of(by_source[source], gore=True) > by_source[source].total()
        alike = _alike(by_source[source], held), _alike(families[source], _families(held))
        return exhausted, *alike, _of(held, gore=mostly_gore), held.total(), at

    for source in sorted(by_source, key=lambda each: (-by_source[each].total(), each)):
        dealt[min(range(len(dealt)), key=lambda at: harm(at, source))].append(source)
    return [frozenset(sources) for sources in dealt if sources]


def _families(kinds: Counter[tuple[bool, str]]) -> Counter[tuple[bool, str]]:
    counted: Counter[tuple[bool, str]] = Counter()
    for (gore, category), count in kinds.items():
        counted[gore, family(category)] += count
    return counted


def _of(kinds: Counter[tuple[bool, str]], *, gore: bool) -> int:
    return sum(count for (is_gore, _), count in kinds.items() if is_gore == gore)


def _alike(some: Counter[tuple[bool, str]], others: Counter[tuple[bool, str]]) -> int:
    return (some & others).total()


def unsupported(pictures: Sequence[Picture], fold: frozenset[str]) -> dict[str, tuple[int, int]]:
    """The families of which less than a tenth stays outside the fold: pictures inside and outside."""
    inside: Counter[tuple[bool, str]] = Counter()
    outside: Counter[tuple[bool, str]] = Counter()
    for picture in pictures:
        (inside if picture.source in fold else outside)[picture.gore, family(picture.category)] += 1
    return {kind[1]: (count, outside[kind]) for kind, count in sorted(inside.items()) if 10 * outside[kind] < count}
