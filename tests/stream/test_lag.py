"""Lag and rates of errors, by arithmetic."""

from stream.lag import ErrorRate, Lag


def test_the_least_lag_is_taken_as_none() -> None:
    lag = Lag()
    assert lag.at(100.0, 0.0, 0) == 0.0
    assert lag.at(103.0, 1.0, 0) == 2.0
    assert lag.at(103.0, 3.5, 0) == 0.0
    assert lag.at(105.0, 5.0, 0) == 0.5


def test_a_new_epoch_begins_without_lag() -> None:
    lag = Lag()
    lag.at(100.0, 0.0, 0)
    assert lag.at(160.0, 0.1, 1) == 0.0
    assert lag.at(161.0, 0.6, 1) == 0.5


def test_errors_count_for_a_minute() -> None:
    rate = ErrorRate(3)
    assert not rate.exceeded(0.0, 3)
    assert not rate.exceeded(59.0, 3)
    assert not rate.exceeded(60.0, 5)
    assert not rate.exceeded(70.0, 6)
    assert rate.exceeded(119.0, 7)
    assert not rate.exceeded(180.0, 8)
