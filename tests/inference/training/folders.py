"""A labelled folder of drawn pictures, as the training takes one."""

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from inference.training import augment, stains
from tests.inference.training.scenes import skin

CATEGORIES = {
    "blood_pattern_white": True,
    "wound_burn": True,
    "ordinary_imagenet": False,
    "ordinary_coco": False,
    "food_meat": False,
    "people_faces": False,
}
OF_EACH = 8
"""Pictures of a category, from two sources; the last two are for validation."""


def write_folder(folder: Path) -> Path:
    """`OF_EACH` pictures of each of `CATEGORIES`, 224 × 224 but for stains of 96 × 96, and their table."""
    rng = np.random.default_rng(1)
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "label", "category", "source_repo", "source_path", "licence", "split"])
        for category, gore in CATEGORIES.items():
            for number in range(OF_EACH):
                name = f"{category}-{number}.png"
                _drawn(category, number, rng).save(folder / name)
                label = "positive" if gore else "negative"
                split = "val" if number >= OF_EACH - 2 else "train"
                rows.writerow([name, label, category, f"{category}/{number % 2}", "x", "CC0-1.0", split])
    return folder


def _drawn(category: str, number: int, rng: np.random.Generator) -> Image.Image:
    if category == "blood_pattern_white":
        white = np.full((96, 96, 3), 255, np.uint8)
        return Image.fromarray(stains.lay_over(white, stains.drawn_stain(96, rng), (120, 5, 5), rng))
    return Image.fromarray(skin(number)) if category == "people_faces" else augment.abstract(rng)
