"""Recall of what is small, at a share of false positives."""

import numpy as np

from inference.training.comparison.small import large, recall, small, threshold


def test_gore_is_small_or_large_by_the_cells_it_is_known_to_cover() -> None:
    cells = np.zeros((5, 7, 7), np.float32)
    cells[0, 3, :4] = 1.0
    cells[1, 3, :5] = 1.0
    cells[2] = np.nan  # nobody knows where
    cells[3, 0, 0], cells[3, 0, 1:3] = 1.0, np.nan
    gore = np.array([True, True, True, True, False])
    assert small(gore, cells).tolist() == [True, False, False, True, False]
    assert large(gore, cells).tolist() == [False, True, False, False, False]


def test_the_threshold_lets_through_no_more_than_its_share() -> None:
    prob = np.array([0.1, 0.2, 0.3, 0.4, 0.9, 0.8, 0.35])
    other = np.array([True, True, True, True, True, False, False])
    above = threshold(prob, other, 0.2)
    assert (prob[other] > above).mean() == 0.2
    assert recall(prob, ~other, above) == 0.5
    assert threshold(prob, other, 0.0) == 0.9
    assert recall(prob, np.zeros(7, bool), above) is None
