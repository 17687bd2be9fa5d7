"""Kept scores come back as they were; anything else is one line of error."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from web.bench.alerts.kept import keep, read_kept
from web.commands.common import CommandError

from .making import CALM, MEAT, WOUND, recording, timeline


def test_they_come_back(tmp_path: Path) -> None:
    made = timeline((CALM, 5.0), (WOUND, 1.0), (MEAT, 2.5), number=4)
    recorded = recording(made, {CALM: 0.123456, MEAT: 0.0, WOUND: 1.0})
    keep(tmp_path / "kept.json.gz", {"seed": 3}, [recorded])
    origin, (again,) = read_kept(tmp_path / "kept.json.gz")
    assert origin == {"seed": 3}
    assert (again.timeline, again.fps) == (recorded.timeline, recorded.fps)
    assert np.array_equal(again.positions_s, recorded.positions_s)
    assert np.array_equal(again.raw, recorded.raw)


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(b"{}"), gzip.compress(b"x" * 99)[:-9]],
    ids=["empty", "not gzip", "not scores", "cut off"],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.gz"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=r"other\.gz holds no recorded scores .* --keep") as refused:
        read_kept(path)
    assert "\n" not in refused.value.message
