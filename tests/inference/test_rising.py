import pytest

from inference.rising import rising


@pytest.mark.parametrize(
    ("prob", "raw", "expected"),
    [
        (0.05, 0.1, False),  # nothing there
        (0.2, 0.95, True),  # the first of many, or an outlier: a second look tells
        (0.45, 0.9, True),
        (0.42, 0.44, False),  # it has settled where it is
        (0.6, 0.95, False),  # the incident has started already
        (0.3, 0.39, False),  # as much of this as there may be: no incident comes of it
        (0.9, 0.1, False),
    ],
)
def test_a_closer_look_is_worth_it_on_the_way_up(prob: float, raw: float, expected: bool) -> None:
    assert rising(prob, raw, threshold=0.5, release=0.4) is expected
