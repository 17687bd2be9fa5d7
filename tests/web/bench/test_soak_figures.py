"""What a soak says of what it saw, by arithmetic; each limit is told when it does not hold."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from web.bench.soak_figures import Look, Run, figures


def look(number: int) -> Look:
    """One every 5 s: ten streams at half a sample a second, 200 MB, half a core."""
    at_s = 5.0 * number
    return Look(
        at_s=at_s,
        live=10,
        lags_s=(0.1,) * 10,
        scored=int(5 * at_s),
        held_mb=200.0,
        cpu_s=7.0 + 0.5 * at_s,
        publishers_cpu_s=0.02 * at_s,
        watcher_cpu_s=0.01 * at_s,
    )


def a_run() -> Run:
    looks = [look(number) for number in range(121)]
    return Run(streams=10, fps=0.5, empty_mb=100.0, looks=looks, stalls=0, reconnects=0, dropped={})


def test_a_run_that_held() -> None:
    told = figures(a_run())
    assert told["held"] is True
    assert told["broken"] == []
    assert told["seconds"] == 600.0
    assert told["lag_growth_s"] == 0.0
    assert told["scored_share"] == 1.0
    assert told["samples_per_s"] == 5.0
    assert told["mb_per_stream"] == 10.0
    assert told["mb_per_stream_limit"] == 15.0
    assert told["memory_growth"] == 0.0
    assert told["cpu_percent"] == {"ours": 50.0, "publishers": 2.0, "watcher": 1.0}


def late(run: Run, change: Callable[[Look], Look]) -> Run:
    """The same run, changed from its middle on."""
    return replace(run, looks=[change(one) if one.at_s >= 300.0 else one for one in run.looks])


@pytest.mark.parametrize(
    ("changed", "broken"),
    [
        (lambda run: replace(run, stalls=1), "stalls"),
        (lambda run: replace(run, reconnects=1), "reconnects"),
        (lambda run: late(run, lambda one: replace(one, lags_s=(0.1,) * 8 + (2.0, 2.0))), "lag_growth_s"),
        (lambda run: late(run, lambda one: replace(one, lags_s=())), "lag_growth_s"),
        (lambda run: late(run, lambda one: replace(one, live=9)), "not_live"),
        (lambda run: late(run, lambda one: replace(one, scored=1500)), "scored_share"),
        (lambda run: late(run, lambda one: replace(one, held_mb=260.0)), "mb_per_stream"),
        (lambda run: late(run, lambda one: replace(one, held_mb=200.0 + 0.05 * (one.at_s - 300.0))), "memory_growth"),
    ],
)
def test_a_limit_that_did_not_hold_is_named(changed: Callable[[Run], Run], broken: str) -> None:
    told = figures(changed(a_run()))
    assert told["held"] is False
    assert told["broken"] == [broken]
