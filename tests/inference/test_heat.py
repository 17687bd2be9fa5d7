import numpy as np
import pytest

from inference.heat import Heat


def heat(rows: list[list[float]]) -> Heat:
    return Heat(0.9, np.array(rows, np.float32))


def test_the_region_is_what_is_at_least_half_as_likely_as_the_likeliest() -> None:
    found = heat([[0.1, 0.39, 0.4], [0.0, 0.8, 0.2]])
    assert found.region().tolist() == [[False, False, True], [False, True, False]]


@pytest.mark.parametrize("prob", [0.0, 1e-6, 1.0])
def test_a_map_of_one_probability_is_all_region(prob: float) -> None:
    assert heat([[prob] * 3] * 2).region().all()


def test_the_cover_goes_one_cell_beyond_the_region_and_stays_in_the_picture() -> None:
    cells = np.zeros((5, 6), np.float32)
    cells[0, 0] = 0.9
    cells[3, 4] = 0.6
    wanted = np.zeros((5, 6), bool)
    wanted[:2, :2] = wanted[2:5, 3:6] = True
    assert (Heat(0.5, cells).cover() == wanted).all()
    assert heat([[0.3]]).cover().tolist() == [[True]]
