"""The stills that timelines are made of: the validation split of a labelled folder, or drawn by the program itself."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
from PIL import Image

from ...commands.common import CommandError
from ...demo import DURATION_S, SPILL_S, SPILL_STARTS_S, write_demo_clip
from .plan import Still

_PLAIN = frozenset(
    {
        *("ordinary_imagenet", "ordinary_coco", "ordinary_bsds", "animals", "clothing", "diagrams", "flowers"),
        *("food_dishes", "food_produce", "game_graphics", "game_sprites", "objects_on_white", "people_faces"),
        *("street_frames", "surveillance"),
    }
)
"""Negatives as any stream shows them. All other categories of negatives are there because they look like gore."""
_COLUMNS = {"file", "label", "category", "split"}
_DRAWN_EVERY_S = 0.5
_DRAWN_MARGIN_S = 0.3
_POOLED_S = 2.0
"""Into the drawn passage, until the stains are large."""


@dataclass(frozen=True, slots=True)
class Material:
    """Stills below a folder."""

    folder: Path
    name: str
    ordinary: tuple[Still, ...]
    gore: tuple[Still, ...]


def read_material(folder: Path) -> Material:
    """The split `val` of a labelled folder. Raises `CommandError` where there is none, or nothing of a label in it."""
    table = folder / "manifest.csv"
    try:
        with table.open(newline="", encoding="utf-8") as opened:
            reader = csv.DictReader(opened)
            if missing := _COLUMNS - set(reader.fieldnames or ()):
                raise CommandError(f"{table} lacks the columns {', '.join(sorted(missing))}.")
            stills = [_still(row) for row in reader if row["split"] == "val"]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"{table} cannot be read ({error}); --data takes a labelled folder with one.") from error
    gore = tuple(still for still in stills if still.gore)
    ordinary = tuple(still for still in stills if not still.gore)
    if not gore or not ordinary:
        raise CommandError(f"{table} needs rows of both labels, positive and negative, in the split val.")
    if missing_files := [still.file for still in stills if not (folder / still.file).is_file()]:
        raise CommandError(f"{len(missing_files)} pictures of {table} are missing, such as {missing_files[0]}.")
    return Material(folder, folder.name, ordinary, gore)


def drawn_material(folder: Path) -> Material:
    """Pictures out of the demo clip, written to `folder`: its drawn blood, and its other scenes."""
    clip = folder / "drawn.mp4"
    write_demo_clip(clip)
    gore: list[Still] = []
    ordinary: list[Still] = []
    for position_s, picture in _seen(clip):
        still = _placed(position_s)
        if still is not None:
            picture.save(folder / still.file)
            (gore if still.gore else ordinary).append(still)
    return Material(folder, "drawn", tuple(ordinary), tuple(gore))


def _still(row: dict[str, str]) -> Still:
    gore = row["label"] == "positive"
    return Still(row["file"], row["category"], gore, hard=not gore and row["category"] not in _PLAIN)


def _seen(clip: Path) -> Iterator[tuple[float, Image.Image]]:
    due_s = 0.0
    with av.open(str(clip)) as container:
        for frame in container.decode(video=0):
            position_s = float(frame.time or 0.0)
            if position_s >= due_s:
                due_s += _DRAWN_EVERY_S
                yield position_s, Image.fromarray(frame.to_ndarray(format="rgb24"))


def _placed(position_s: float) -> Still | None:
    """None where a frame is too close to a cut, or its stains are small yet."""
    name = f"{position_s:05.1f}.png"
    since_s = position_s - SPILL_STARTS_S
    if _POOLED_S <= since_s < SPILL_S - _DRAWN_MARGIN_S:
        return Still(f"spill-{name}", "drawn_spill", gore=True)
    if -_DRAWN_MARGIN_S <= since_s < SPILL_S + _DRAWN_MARGIN_S or position_s > DURATION_S - _DRAWN_MARGIN_S:
        return None
    return Still(f"scene-{name}", "drawn_scene", gore=False)
