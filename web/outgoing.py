"""What Prometheus may read of callbacks and webhooks."""

from collections.abc import Iterator

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from .delivery.opening import Webhooks


class Outgoing(Collector):
    """Their own counts."""

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    def collect(self) -> Iterator[Metric]:
        attempts = CounterMetricFamily(
            "gorewatch_callbacks", "Attempts to post a callback or an event, by how they went.", labels=["outcome"]
        )
        for outcome, count in self._webhooks.dispatcher.outcomes.items():
            attempts.add_metric([outcome], count)
        yield attempts
        dropped = CounterMetricFamily(
            "gorewatch_webhooks_dropped", "Events that a receiver was not told of, by reason.", labels=["reason"]
        )
        for reason, count in self._webhooks.ledger.dropped.items():
            dropped.add_metric([reason], count)
        yield dropped
        yield GaugeMetricFamily(
            "gorewatch_webhooks_unwritten", "Events owed that are not in the store yet.", len(self._webhooks.ledger)
        )
