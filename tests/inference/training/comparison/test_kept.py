"""What was made once is not made again, and what was not finished is."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from inference.training.comparison.kept import Absent, Kept


def test_a_key_is_made_once_and_another_key_again(tmp_path: Path) -> None:
    made: list[int] = []

    def make() -> dict[str, npt.NDArray[np.generic]]:
        made.append(len(made))
        return {"values": np.array([1.5, 2.5]), "number": np.array(len(made))}

    for _ in range(2):
        found = Kept(tmp_path / "kept").arrays(("a", 1), make)
        assert found["values"].tolist() == [1.5, 2.5]
        assert int(found["number"]) == 1
    assert int(Kept(tmp_path / "kept").arrays(("a", 2), make)["number"]) == 2


def test_what_failed_leaves_nothing_behind(tmp_path: Path) -> None:
    def fail() -> dict[str, npt.NDArray[np.generic]]:
        raise OSError("disk full")

    kept = Kept(tmp_path)
    with pytest.raises(OSError, match="disk full"):
        kept.arrays("a", fail)
    assert kept.arrays("a", lambda: {"x": np.array(1)})["x"] == 1


def test_what_is_absent_can_be_left_so(tmp_path: Path) -> None:
    Kept(tmp_path).arrays("a", lambda: {"x": np.array(1)})
    kept = Kept(tmp_path, make_more=False)
    assert kept.arrays("a", lambda: {"x": np.array(2)})["x"] == 1
    with pytest.raises(Absent):
        kept.arrays("b", lambda: {"x": np.array(2)})
