"""The labelled pictures: their table, what may be shown of it and how often, and what it holds.

`python -m inference.training.data --data FOLDER` prints the counts and what near-duplicates were found.
"""

import argparse
import csv
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from inference.training import choose, inventory
from inference.training.folds import source_folds
from inference.training.groups import Sides, grouped, one_side
from inference.training.near import fingerprints, near_pairs
from inference.training.picture import DataError, Picture, Split

__all__ = ["DataError", "Picture", "Split", "load_picture", "one_pass", "prepare", "read_pictures", "source_folds"]

_SHOWN_PER_PASS: dict[str, int] = {
    "wound_ulcer": 240,
    "wound_laceration": 130,
    "wound_abrasion_cut": 180,
    "wound_surgical": 130,
    "wound_burn": 70,
    "skull_render": 150,
    "surgery_laparoscopic": 190,
    "blood_film": 420,
    "blood_stain": 170,
    "blood_sprite": 90,
    "drawn_gore": 100,
    "ordinary_imagenet": 600,
    "ordinary_coco": 260,
    "ordinary_bsds": 220,
    "medical_nongore": 260,
    "weapons": 180,
    "food_dishes": 230,
    "food_produce": 150,
    "clothing": 100,
    "game_sprites": 130,
    "skin_acne": 150,
    "skin_hands": 100,
    "red_things": 120,
    "fight_no_blood": 170,
    "film_no_blood": 140,
    "surveillance": 80,
}
"""Pictures of a category that one pass shows; a category not named here is shown whole, once."""

_SAME_ORIGIN: dict[str, str] = {"uwm-bigdata/wound-segmentation": "koen-sikkema/Wound-Classification-DL"}
"""Both are from the same clinic's collection, so they are left out together."""

_COLUMNS = ("file", "label", "category", "source_repo", "source_path", "licence", "split")
_LABELS = {"positive": True, "negative": False}
_SPLITS: dict[str, Split] = {"train": "train", "val": "val"}
_NAMED_IN_A_MESSAGE = 5


def read_pictures(folder: Path) -> list[Picture]:
    """The rows of `folder`/manifest.csv, in its order.

    Raises `DataError` for a table that is missing, empty or of another kind, for words that it must not hold, names
    outside the folder, names given twice and files that are not there.
    """
    rows = _rows(folder)
    pictures = [_picture(row, line) for line, row in enumerate(rows, 2)]
    if not pictures:
        raise DataError(f"{folder / 'manifest.csv'} has no rows: it must name the labelled pictures, one a row")
    twice = [file for file, count in Counter(picture.file for picture in pictures).items() if count > 1]
    if twice:
        raise DataError(f"manifest.csv names {_some(twice)} more than once: keep one row each")
    root = folder.resolve()
    absent = [picture.file for picture in pictures if not (folder / picture.file).is_file()]
    if absent:
        raise DataError(f"{folder} lacks {_some(absent)}: restore them, or delete their rows from manifest.csv")
    outside = [picture.file for picture in pictures if not (folder / picture.file).resolve().is_relative_to(root)]
    if outside:
        raise DataError(f"{_some(outside)} leads out of {folder} by a link: copy the pictures into the folder")
    return pictures


def _rows(folder: Path) -> list[dict[str, str | None]]:
    path = folder / "manifest.csv"
    try:
        with path.open(newline="", encoding="utf-8-sig") as table:
            reader = csv.DictReader(table)
            lacking = [column for column in _COLUMNS if column not in (reader.fieldnames or ())]
            if lacking:
                raise DataError(f"{path} lacks the columns {', '.join(lacking)}: it needs {', '.join(_COLUMNS)}")
            return list(reader)
    except FileNotFoundError:
        raise DataError(
            f"{path} is not there: --data takes a folder of labelled pictures with a manifest.csv"
        ) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as a UTF-8 table: {error}") from error


def _picture(row: dict[str, str | None], line: int) -> Picture:
    value = {column: (row[column] or "").strip() for column in _COLUMNS}
    where = f"manifest.csv, line {line}"
    empty = [column for column in ("file", "category", "source_repo") if not value[column]]
    if empty:
        raise DataError(f"{where}: {', '.join(empty)} is empty")
    for column, words in (("label", list(_LABELS)), ("split", list(_SPLITS))):
        if value[column] not in words:
            raise DataError(f"{where}: {column} is {value[column]!r}, but must be {' or '.join(words)}")
    name = value["file"]
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or set(name) & set("\\:\0"):
        raise DataError(f"{where}: {name!r} is no path inside the folder: write it like negative/animals/a.jpg")
    return Picture(
        file=name,
        gore=_LABELS[value["label"]],
        category=value["category"],
        source=_SAME_ORIGIN.get(value["source_repo"], value["source_repo"]),
        licence=value["licence"],
        split=_SPLITS[value["split"]],
        repository=value["source_repo"],
        path=value["source_path"],
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED_IN_A_MESSAGE} more" if len(names) > _NAMED_IN_A_MESSAGE else ""
    return ", ".join(names[:_NAMED_IN_A_MESSAGE]) + more


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a training may use of a folder. `sides` tells what was kept out of it because it stood on both sides."""

    pictures: list[Picture]
    sides: Sides
    pairs: list[tuple[Picture, Picture]]
    """The near-duplicates, for the report."""


def prepare(folder: Path, *, without: Collection[str] = (), licences: Collection[str] = ()) -> Prepared:
    """Read the table, leave out sources and kinds of licences, find groups and copies, and put each on one side.

    Reads every picture once (about 10 s for 7,000). Raises `DataError`.
    """
    pictures = choose.without(read_pictures(folder), without)
    if licences:
        pictures = choose.licensed(pictures, licences)
    if not pictures:
        raise DataError("no picture is left: name fewer sources with --without, or more kinds with --licence")
    pairs = near_pairs(fingerprints(folder / picture.file for picture in pictures))
    pictures = grouped(pictures, pairs)
    sides = one_side(pictures)
    return Prepared(sides.kept, sides, [(pictures[first], pictures[second]) for first, second in pairs])


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


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what a folder holds, as Markdown. An error is one line on standard error and exit code 2."""
    parser = argparse.ArgumentParser(prog="python -m inference.training.data", description="What a data folder holds.")
    parser.add_argument("--data", type=Path, required=True, help="folder of labelled pictures with a manifest.csv")
    parser.add_argument("--folds", type=int, default=6, help="groups of sources to leave out in turn")
    choose.add_options(parser)
    options = parser.parse_args(arguments)
    try:
        prepared = prepare(options.data, without=options.without, licences=options.licence)
        found = inventory.report(prepared.pictures, prepared.sides, prepared.pairs, options.folds)
    except DataError as error:
        sys.stderr.write(f"error: {error}\n")
        raise SystemExit(2) from None
    sys.stdout.write(found)


if __name__ == "__main__":
    main()
