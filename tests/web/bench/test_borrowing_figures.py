"""The figures of `benchmarks/borrowing.py`, by hand."""

from web.bench.borrowing_figures import LIMIT_MS, Cost, figures


def cost(batch: int, *, host_s: float, scorer_s: float = 0.0, ray_s: float = 0.0) -> Cost:
    return Cost(
        batch=batch, host_s=host_s, scorer_s=scorer_s, ray_s=ray_s, latency_s=10.0 * host_s, samples_per_s=1.0 / host_s
    )


def test_what_the_way_costs_is_the_difference_of_what_was_measured_beside_each_other() -> None:
    own = [cost(size, host_s=host_s) for host_s in (0.001, 0.002, 0.006) for size in (1, 8)]
    borrowed = [
        cost(size, host_s=host_s, scorer_s=0.002, ray_s=0.001) for host_s in (0.002, 0.004, 0.009) for size in (1, 8)
    ]
    told = figures(own, borrowed, detector_s=0.01)
    assert told["batches"] == {
        size: {
            "extra_ms": 5.0,  # 4, 5 and 6
            "ratio": 1.38,  # 15/11, 17/12 and 22/16
            "own_host_ms": 2.0,
            "host_ms": 4.0,
            "scorer_ms": 2.0,
            "ray_ms": 1.0,
            "own_latency_ms": 20.0,
            "latency_ms": 40.0,
            "samples_per_s": 250,
        }
        for size in ("1", "8")
    }
    assert (told["extra_ms"], told["detector_ms"], told["held"]) == (5.0, 10.0, False)


def test_the_largest_batches_must_hold_the_limit() -> None:
    own = [cost(size, host_s=0.001) for size in (1, 32)]
    borrowed = [cost(1, host_s=0.01), cost(32, host_s=0.001, ray_s=LIMIT_MS / 1000.0)]
    assert figures(own, borrowed, detector_s=0.01)["held"] is True
