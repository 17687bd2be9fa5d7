"""Pictures that people judged: kept as the detector saw them, and written out as a folder to train on.

What is kept is drawn anew from the pixels that a worker decoded, in the size of the detector's input: nothing of the
file that was sent stays, so that whoever trains on it opens no file of a stranger's.
"""

import csv
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from PIL import Image

from stream.sample import Pixels

from .store.feedback import Feedback

_FOLDER = "feedback"
_MODE = 0o700
_LABELS = {"gore": "positive", "miss": "positive", "safe": "negative"}
"""By class; others tell nothing that can be trained on."""
_COLUMNS = ("file", "label", "category", "source_repo", "source_path", "licence", "split")
_SOURCE = "feedback"


class FeedbackFolder:
    """The data folder's `feedback`. Its functions block for moments."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir.absolute() / _FOLDER

    def with_picture(self, given: Feedback, pixels: Pixels) -> Feedback:
        """The same, its picture kept. Raises OSError."""
        self._folder.mkdir(mode=_MODE, parents=True, exist_ok=True)
        path = self._folder / f"{given.id}.png"
        Image.fromarray(pixels).save(path)
        return replace(given, path=str(path))


def export(judgements: Iterable[Feedback], folder: Path) -> tuple[int, int]:
    """Write those that have a picture and a label as a folder with a manifest.csv: how many, and how many are left out.

    Raises FileExistsError for a folder that is there, and OSError.
    """
    folder.mkdir(parents=True)
    written = left_out = 0
    with (folder / "manifest.csv").open("x", newline="", encoding="utf-8") as table:
        rows = csv.DictWriter(table, _COLUMNS)
        rows.writeheader()
        for given in judgements:
            label = _LABELS.get(given.label)
            picture = None if given.path is None else Path(given.path)
            if label is None or picture is None or not picture.is_file():
                left_out += 1
                continue
            name = f"{label}/{given.id}.png"
            _copy(picture, folder / name)
            rows.writerow(_row(given, name, label))
            written += 1
    return written, left_out


def _row(given: Feedback, name: str, label: str) -> dict[str, str]:
    return {
        "file": name,
        "label": label,
        "category": f"feedback_{given.label}",
        "source_repo": _SOURCE,
        "source_path": given.uri,
        "licence": "",
        "split": "train",
    }


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(source.read_bytes())
