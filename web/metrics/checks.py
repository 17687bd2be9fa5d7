"""Metrics of images and short videos of `/1.0`, which are answered at once."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from ..checked import Checked, CheckKind, CheckOutcome
from ..turns import Turns

_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class CheckMetrics:
    """Told of every check when it is over."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._checks = Counter(
            "gorewatch_checks",
            "Images and short videos that were looked at, by outcome.",
            ["kind", "outcome"],
            registry=registry,
        )
        self._took = Histogram(
            "gorewatch_check_seconds",
            "Of those that were scored, from the call's turn being asked for to its result.",
            ["kind"],
            buckets=_BUCKETS_S,
            registry=registry,
        )
        for kind in CheckKind:
            self._took.labels(kind.value)
            for outcome in CheckOutcome:
                self._checks.labels(kind.value, outcome.value)

    def observe(self, checked: Checked) -> None:
        self._checks.labels(checked.kind.value, checked.outcome.value).inc()
        if checked.outcome is CheckOutcome.SCORED:
            self._took.labels(checked.kind.value).observe(checked.took_s)


def of_turns(checks: Turns, *bodies: Turns) -> Iterator[Metric]:
    """`bodies` are the turns of calls that are being read."""
    yield GaugeMetricFamily("gorewatch_checks_running", "Images and videos being looked at.", value=checks.running)
    yield GaugeMetricFamily("gorewatch_checks_waiting", "Images and videos that wait for that.", value=checks.waiting)
    yield GaugeMetricFamily(
        "gorewatch_calls_in_progress", "Calls of /1.0 that send media.", value=sum(turns.running for turns in bodies)
    )
    yield CounterMetricFamily(
        "gorewatch_calls_refused", "Calls of /1.0 refused unread.", value=sum(turns.refused for turns in bodies)
    )
