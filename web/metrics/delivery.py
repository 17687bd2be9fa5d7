"""Metrics of what is sent out: events to subscribers, callbacks to their receivers."""

from collections.abc import Iterator, Mapping

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from ..delivery.attempts import Attempts
from ..delivery.hub import Hub
from ..delivery.seats import Seats
from ..store.callbacks import CallbackState
from .families import counter, gauge


def of_events(hub: Hub, seats: Seats) -> Iterator[Metric]:
    tally = hub.tally
    yield counter("gorewatch_events", "Events published.", "type", hub.published)
    yield CounterMetricFamily("gorewatch_events_sent", "Events sent, each to each subscriber.", value=tally.sent)
    yield CounterMetricFamily(
        "gorewatch_events_merged", "Scores that a newer one replaced for a slow reader.", value=tally.merged
    )
    yield CounterMetricFamily("gorewatch_events_replayed", "Events sent again after an id.", value=tally.replayed)
    yield GaugeMetricFamily("gorewatch_events_unkept", "Events still to be stored.", value=hub.unkept)
    yield counter("gorewatch_events_dropped", "Events that were never stored.", "type", hub.dropped)
    yield GaugeMetricFamily(
        "gorewatch_events_kept_first", "Whether they are stored before they are sent.", float(hub.journal_ok)
    )
    yield GaugeMetricFamily("gorewatch_subscribers", "Open event connections.", value=hub.subscriber_count)
    yield CounterMetricFamily(
        "gorewatch_subscribers_cut", "Event connections closed for reading too slowly.", value=tally.cut
    )
    yield CounterMetricFamily("gorewatch_subscribers_refused", "Event connections over the limit.", value=seats.refused)


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
