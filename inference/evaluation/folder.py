"""A folder of labelled pictures: one with a manifest.csv, or one whose subfolders are the labels."""

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from inference.evaluation.labelled import (
    COLUMNS,
    WORDS,
    EvaluationError,
    Picture,
    Unreadable,
    label_of,
    picture_of,
    printable,
)
from stream.still import looks_like_still

MANIFEST = "manifest.csv"
_ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".jp2", ".j2k", ".jpx"}
"""A file that ends so is meant to be a picture, whatever its first bytes say."""
_HOW = "put pictures into subfolders named positive and negative, or add a manifest.csv with the columns file and label"


@dataclass(frozen=True, slots=True)
class Labelled:
    """What a folder holds. Not a picture has been decoded yet."""

    folder: Path
    split: str | None
    pictures: tuple[Picture, ...]
    """At least one."""
    unreadable: tuple[Unreadable, ...]
    left_out: int
    """Pictures outside the label folders."""

    @property
    def grouped(self) -> bool:
        return any(picture.group is not None for picture in self.pictures)


def read_folder(folder: Path, split: str | None = None) -> Labelled:
    """The labelled pictures of `folder`, in a fixed order; with `split`, those whose manifest row has that split.

    Raises `EvaluationError` when there is no such folder, nothing in it, or something in it without a usable label.
    """
    try:
        if not folder.is_dir():
            what = "is a file, not a folder" if folder.exists() else "does not exist"
            raise EvaluationError(f"The folder {folder} {what}; give one with labelled pictures.")
        if (folder / MANIFEST).is_file():
            found = _from_manifest(folder, split)
        elif split is not None:
            raise EvaluationError(f"--split needs a {MANIFEST} with a column split, which {folder} does not have.")
        else:
            found = _from_subfolders(folder)
    except OSError as error:
        where = error.filename or folder
        raise EvaluationError(f"{where} cannot be read: {error.strerror or error}.") from error
    if not found.pictures:
        reason = f" ({printable(found.unreadable[0].file)}: {found.unreadable[0].reason})" if found.unreadable else ""
        raise EvaluationError(f"There is no labelled picture to read in {folder}{reason}; {_HOW}.")
    return found


def _from_manifest(folder: Path, split: str | None) -> Labelled:
    root = folder.resolve()
    pictures: list[Picture] = []
    missing: list[Unreadable] = []
    splits: set[str] = set()
    lines: dict[str, int] = {}
    for line, row in _rows(folder / MANIFEST):
        place = f"Line {line} of {folder / MANIFEST}"
        picture = picture_of(row, place)
        splits.add(picture.split or "")
        if split is not None and picture.split != split:
            continue
        if (before := lines.setdefault(picture.file, line)) != line:
            raise EvaluationError(f"{place} names {printable(picture.file)} again, as line {before} does; remove one.")
        if (trouble := _trouble(root, picture.file, place)) is None:
            pictures.append(picture)
        else:
            missing.append(Unreadable(picture.file, trouble))
    if split is not None and split not in splits:
        known = ", ".join(sorted(filter(None, splits))) or "none"
        raise EvaluationError(f"No row of {folder / MANIFEST} has the split {split!r}; there are: {known}.")
    return Labelled(folder, split, tuple(pictures), tuple(missing), 0)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str | None]]]:
    """The rows of a manifest with their line numbers."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restkey="")
            absent = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
            if absent:
                raise EvaluationError(
                    f"{path} has no column {absent[0]}; its first line must name the columns, such as: "
                    "file,label,category,source,split."
                )
            for row in reader:
                yield reader.line_num, row
    except (csv.Error, UnicodeDecodeError) as error:
        raise EvaluationError(f"{path} is no CSV in UTF-8 that can be read: {error}.") from error


def _trouble(root: Path, file: str, place: str) -> str | None:
    """Why there is no such picture. Raises `EvaluationError` when the name leads out of the folder."""
    path = root / file
    if PurePosixPath(file).is_absolute() or not _is_inside(path, root):
        raise EvaluationError(f"{place} names {printable(file)}, which lies outside the folder; name files below it.")
    return None if path.is_file() else "there is no such file"


def _is_inside(path: Path, root: Path) -> bool:
    """Links are followed first: one that lies inside may lead out."""
    try:
        return path.resolve().is_relative_to(root)
    except (OSError, ValueError, RuntimeError):  # a loop of links, a zero byte
        return False


def _from_subfolders(folder: Path) -> Labelled:
    pictures: list[Picture] = []
    unreadable: list[Unreadable] = []
    strays = 0
    unknown: dict[str, int] = {}
    root = folder.resolve()
    for file in _files(folder):
        path = folder / file
        parts = PurePosixPath(file).parts
        label = label_of(parts[0]) if len(parts) > 1 else None
        if not _is_picture(path):
            continue
        if label is None and len(parts) == 1:
            strays += 1
        elif label is None:
            unknown[parts[0]] = unknown.get(parts[0], 0) + 1
        elif not _is_inside(path, root):
            unreadable.append(Unreadable(file, "it is a link that leads out of the folder"))
        else:
            pictures.append(_placed(file, parts, gore=label))
    if unknown and pictures:
        name, count = min(unknown.items())
        raise EvaluationError(
            f"The folder {folder / printable(name)} holds {count} pictures but its name is no label: rename it to "
            f"{WORDS}, or move it elsewhere."
        )
    if (strays or unknown) and not pictures:
        count = strays + sum(unknown.values())
        raise EvaluationError(f"The {count} pictures in {folder} have no labels: {_HOW}.")
    return Labelled(folder, None, tuple(pictures), tuple(unreadable), strays)


def _placed(file: str, parts: tuple[str, ...], *, gore: bool) -> Picture:
    """LABEL/file, LABEL/CATEGORY/file or LABEL/CATEGORY/GROUP/file."""
    picture = Picture(file=file, gore=gore)
    if len(parts) > 2:
        picture = replace(picture, category=parts[1])
    return replace(picture, group="/".join(parts[:-1])) if len(parts) > 3 else picture


def _files(folder: Path) -> Iterator[str]:
    """Every file below a folder but the hidden ones, sorted, with `/` between the parts of its name."""

    def fail(error: OSError) -> None:
        raise error

    for place, folders, files in os.walk(folder, onerror=fail):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                yield (Path(place) / name).relative_to(folder).as_posix()


def _is_picture(path: Path) -> bool:
    """Also one that is meant to be: it is then named among the unreadable ones."""
    if path.suffix.lower() in _ENDINGS:
        return True
    try:
        return path.is_file() and looks_like_still(path)
    except OSError:
        return False
