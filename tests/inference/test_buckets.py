"""Values counted by size."""

from inference.buckets import Buckets, Histogram


def test_a_bound_counts_what_equals_it_and_all_that_is_less() -> None:
    buckets = Buckets((1.0, 2.0, 4.0))
    assert buckets.histogram() == Histogram((1.0, 2.0, 4.0), (0, 0, 0), 0, 0.0)
    for value in (0.5, 1.0, 1.5, 4.0, 9.0):
        buckets.add(value)
    assert buckets.histogram() == Histogram((1.0, 2.0, 4.0), (2, 3, 4), 5, 16.0)
