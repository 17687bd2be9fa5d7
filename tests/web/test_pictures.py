"""Pictures that people judged are kept only where they may be, and written out as training reads them."""

import asyncio
import csv
from pathlib import Path

import numpy as np
import pytest

from tests.web.serving import serving
from web.pictures import FeedbackFolder, export
from web.store import feedback as rows
from web.store.feedback import Feedback

PIXELS = np.zeros((8, 8, 3), np.uint8)


def judged(number: int, label: str) -> Feedback:
    return Feedback(id=f"fbk_{number}", key_id=None, model="gore", label=label, uri="a.jpg", created_s=1.0)


def test_what_has_no_picture_or_no_label_is_left_out(tmp_path: Path) -> None:
    folder = FeedbackFolder(tmp_path)
    kept = [
        folder.with_picture(judged(number, label), PIXELS) for number, label in enumerate(("gore", "unknown", "safe"))
    ]
    Path(kept[2].path or "").unlink()
    assert export([*kept, judged(3, "miss")], tmp_path / "out") == (1, 3)
    with (tmp_path / "out" / "manifest.csv").open(newline="") as table:
        (row,) = csv.DictReader(table)
    assert (row["file"], row["label"], row["split"]) == ("positive/fbk_0.png", "positive", "train")


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError):
        export([], tmp_path)


async def test_nothing_is_kept_of_a_picture_where_the_policy_says_so() -> None:
    async with serving(policy={"keep": "none"}) as served:
        path = "/1.0/feedback.json?api_user=a&api_secret=b&model=gore&class=safe&url=http://x.example/a.jpg"
        asked = asyncio.ensure_future(served.get(path))
        source = await served.pool.source()
        source.live()
        source.sample(0.0, 0.7)
        source.end()
        await asked
        async with served.store.reading() as tx:
            (given,) = await rows.listed(tx, limit=10)
        assert given.path is None
        assert given.prob == pytest.approx(0.7, abs=0.01)
