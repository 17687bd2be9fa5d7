"""What `bench scale` says of what it saw, by hand; each limit is told when it does not hold."""

import pytest

from web.bench.scale_figures import Overhead, Served, Turn, figures, overhead_figures, served_figures, stream_cores


def local(all_ms: float) -> Turn:
    """1,000 samples in 100 s."""
    return Turn(1000, 100.0, {"service": all_ms - 14.0, "loop": 3.0, "workers": 14.0})


def on_ray(host_ms: float) -> Turn:
    return Turn(1000, 100.0, {"service": 4.0, "loop": 2.0, "workers": 14.0, "host": host_ms, "ray": 1.0})


def found(host_ms: float = 6.0) -> Overhead:
    idle = {"service": 0.5, "loop": 0.3, "workers": 0.0}
    return Overhead(
        streams=10,
        fps=1.0,
        local=[local(23.0), local(22.0), local(40.0)],
        ray=[on_ray(host_ms), on_ray(host_ms), on_ray(host_ms)],
        local_idle=Turn(0, 100.0, idle),
        ray_idle=Turn(0, 100.0, {**idle, "host": 0.8, "ray": 1.5}),
    )


def test_the_overhead_is_the_median_of_pairs() -> None:
    told = overhead_figures(found())
    assert told["ray_overhead_by_round"] == [0.08, 0.12, -0.6]
    assert (told["ray_overhead"], told["ray_overhead_limit"]) == (0.08, 0.15)
    assert told["overhead_ms_per_sample"] == 2.0
    assert told["cpu_ms_per_sample"] == {
        "local": {"service": 9.0, "loop": 3.0, "workers": 14.0, "all": 23.0},
        "ray": {"service": 4.0, "loop": 2.0, "workers": 14.0, "host": 6.0, "ray": 1.0, "all": 25.0},
    }
    assert told["idle_percent_of_a_core"] == {
        "local": {"service": 0.5, "loop": 0.3, "workers": 0.0},
        "ray": {"service": 0.5, "loop": 0.3, "workers": 0.0, "host": 0.8, "ray": 1.5},
    }
    assert told["scored_share"] == {"local": 1.0, "ray": 1.0}
    assert stream_cores(found()) == pytest.approx(0.02)


def test_how_many_streams_a_service_bears() -> None:
    told = served_figures(
        Served(
            streams=100,
            sample_ms=0.6,
            sample_loop_ms=0.4,
            event_ms=0.5,
            event_loop_ms=0.3,
            placing_loop_ms=2.0,
            recovered_s=4.44,
            samples_per_s=100.0,
        )
    )["service"]
    assert isinstance(told, dict)
    assert told["streams_borne"] == 636
    assert told["host_replaced_s"] == 4.4


@pytest.mark.parametrize(
    ("host_ms", "recovered_s", "broken"),
    [(6.0, 9.0, []), (12.0, 9.0, ["ray_overhead"]), (6.0, 15.5, ["recovered_s"])],
)
def test_a_limit_that_did_not_hold_is_named(host_ms: float, recovered_s: float, broken: list[str]) -> None:
    fleets = {"together": {"one_dies": {"recovered_s": 8.0}}, "apart": {"one_dies": {"recovered_s": recovered_s}}}
    told = figures(overhead_figures(found(host_ms)), fleets)
    assert (told["held"], told["broken"]) == (not broken, broken)
    assert told["recovered_s"] == recovered_s
