"""Labelled folders for the tests: grey pictures, as bright as the tiny model's score is to be."""

from pathlib import Path

from PIL import Image

GORE, OTHER = 250, 5
"""Levels of grey that the tiny model takes for gore, and not."""


def write_grey(path: Path, level: int, size: tuple[int, int] = (24, 16)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, level).save(path)
    return path


def write_folder(folder: Path) -> Path:
    """Subfolders as labels: 7 pictures in three categories, one of each kind on the wrong side."""
    for number, level in enumerate([GORE, GORE, 10]):
        write_grey(folder / "positive" / "wound" / f"{number}.png", level)
    for number, level in enumerate([OTHER, 245]):
        write_grey(folder / "negative" / "meat" / f"{number}.png", level)
    for number in range(2):
        write_grey(folder / "negative" / "street" / f"{number}.png", OTHER)
    return folder


def write_manifest_csv(folder: Path, *rows: str, header: str = "file,label") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "manifest.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path
