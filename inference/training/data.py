"""The labelled pictures: their table, their licences and how often each is shown in one pass of the training."""

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

Split = Literal["train", "val"]


@dataclass(frozen=True, slots=True)
class Picture:
    """One row of the folder's manifest.csv."""

    file: str
    gore: bool
    category: str
    source: str
    """The collection that the picture comes from; whole sources are left out to see how the detector generalises."""
    licence: str
    split: Split


_SHOWN_PER_PASS: dict[str, int] = {
    "wound_ulcer": 260,
    "skull_render": 170,
    "surgery_laparoscopic": 220,
    "blood_film": 380,
    "blood_stain": 140,
    "wound_laceration": 110,
    "wound_abrasion_cut": 130,
    "wound_burn": 60,
    "drawn_gore": 100,
    "ordinary_imagenet": 600,
    "medical_nongore": 260,
    "skin_acne": 120,
    "skin_hands": 90,
    "red_things": 110,
    "fight_no_blood": 170,
    "film_no_blood": 130,
    "surveillance": 80,
}
"""Pictures of a category that one pass shows; a category not named here is shown whole, once."""

_SAME_ORIGIN: dict[str, str] = {"uwm-bigdata/wound-segmentation": "koen-sikkema/Wound-Classification-DL"}
"""Both are from the same clinic's collection, so they are left out together."""


def read_pictures(folder: Path) -> list[Picture]:
    """The rows of `folder`/manifest.csv, in its order. Raises `OSError`, and `KeyError` for a table of another kind."""
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as table:
        return [
            Picture(
                file=row["file"],
                gore=row["label"] == "positive",
                category=row["category"],
                source=_SAME_ORIGIN.get(row["source_repo"], row["source_repo"]),
                licence=row["licence"],
                split="val" if row["split"] == "val" else "train",
            )
            for row in csv.DictReader(table)
        ]


def load_picture(folder: Path, picture: Picture) -> Image.Image:
    """The decoded picture, RGB."""
    with Image.open(folder / picture.file) as opened:
        return opened.convert("RGB")


def one_pass(pictures: list[Picture], rng: np.random.Generator) -> list[Picture]:
    """The pictures of one pass over the training split, each category at its share, in no particular order."""
    by_category: dict[str, list[Picture]] = defaultdict(list)
    for picture in pictures:
        if picture.split == "train":
            by_category[picture.category].append(picture)
    shown: list[Picture] = []
    for category, members in sorted(by_category.items()):
        wanted = _SHOWN_PER_PASS.get(category, len(members))
        whole, rest = divmod(wanted, len(members))
        shown += members * whole
        shown += [members[index] for index in rng.choice(len(members), rest, replace=False)]
    return shown


def source_folds(pictures: list[Picture], folds: int) -> list[frozenset[str]]:
    """The sources dealt into `folds` groups of like size; sources of one category are kept apart where they can be.

    So a network that has not seen a group's sources has seen their categories elsewhere, if there is an elsewhere.
    """
    by_source: dict[str, Counter[tuple[bool, str]]] = defaultdict(Counter)
    for picture in pictures:
        by_source[picture.source][picture.gore, picture.category] += 1
    groups: list[set[str]] = [set() for _ in range(folds)]
    held: list[Counter[tuple[bool, str]]] = [Counter() for _ in range(folds)]

    def cost(at: int, kinds: Counter[tuple[bool, str]]) -> tuple[int, int, int]:
        alike = sum(min(count, held[at][kind]) for kind, count in kinds.items())
        mostly_gore = 2 * sum(count for (gore, _), count in kinds.items() if gore) > kinds.total()
        return alike, sum(count for (gore, _), count in held[at].items() if gore == mostly_gore), at

    for source, kinds in sorted(by_source.items(), key=lambda item: (-item[1].total(), item[0])):
        group = min(range(folds), key=lambda at: cost(at, kinds))
        groups[group].add(source)
        held[group].update(kinds)
    return [frozenset(group) for group in groups]
