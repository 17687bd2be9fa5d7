"""Metrics of what is sent out: events to subscribers, callbacks to their receivers."""

from collections.abc import Iterator, Mapping

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from ..delivery.attempts import Attempts
from ..delivery.hub import Hub
from ..store.callbacks import CallbackState
from .families import counter, gauge


def of_events(hub: Hub) -> Iterator[Metric]:
    yield counter("gorewatch_events", "Events published.", "type", hub.published)
    yield GaugeMetricFamily("gorewatch_subscribers", "Open event sockets.", value=hub.subscriber_count)
    yield CounterMetricFamily(
        "gorewatch_subscribers_cut", "Event sockets closed for reading too slowly.", value=hub.cut_count
    )


def of_callbacks(attempts: Attempts) -> Iterator[Metric]:
    yield counter(
        "gorewatch_callback_attempts",
        "Callbacks posted, by outcome.",
        "outcome",
        {"delivered": attempts.delivered, "failed": attempts.failed},
    )
    yield CounterMetricFamily(
        "gorewatch_callbacks_given_up", "Callbacks that are not tried again.", value=attempts.given_up
    )


def of_kept_callbacks(by_state: Mapping[str, int]) -> Iterator[Metric]:
    words = [state.value for state in CallbackState]
    yield gauge("gorewatch_callbacks", "Callbacks in the store, by state.", "state", by_state, words=words)
