"""Metrics of what is sent out: events to subscribers, callbacks and events to their receivers."""

from collections.abc import Iterator, Mapping

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from ..cluster.opening import Bus
from ..delivery.delivery import DeliveryState
from ..delivery.dispatcher import Dispatcher
from ..delivery.hub import Hub
from ..delivery.opening import Webhooks
from ..delivery.seats import Seats
from .families import counter, gauge


def of_events(hub: Hub, seats: Seats, bus: Bus | None = None) -> Iterator[Metric]:
    tally = hub.tally
    yield counter("gorewatch_events", "Events published.", "type", hub.published)
    yield CounterMetricFamily("gorewatch_events_sent", "Events sent, each to each subscriber.", value=tally.sent)
    yield CounterMetricFamily(
        "gorewatch_events_merged", "Scores that a newer one replaced for a slow reader.", value=tally.merged
    )
    yield CounterMetricFamily("gorewatch_events_replayed", "Events sent again after an id.", value=tally.replayed)
    yield GaugeMetricFamily("gorewatch_events_unkept", "Events still to be stored.", value=hub.unkept)
    yield counter("gorewatch_events_dropped", "Events that were never stored.", "type", hub.dropped)
    yield CounterMetricFamily(
        "gorewatch_events_refused",
        "Events of which the store does not take a value.",
        value=hub.refused + (0 if bus is None else bus.recorder.refused),
    )
    yield GaugeMetricFamily(
        "gorewatch_events_kept_first", "Whether they are stored before they are sent.", float(hub.journal_ok)
    )
    yield GaugeMetricFamily("gorewatch_subscribers", "Open event connections.", value=hub.subscriber_count)
    yield CounterMetricFamily(
        "gorewatch_subscribers_cut", "Event connections closed for reading too slowly.", value=tally.cut
    )
    yield CounterMetricFamily("gorewatch_subscribers_refused", "Event connections over the limit.", value=seats.refused)


def of_bus(bus: Bus | None, hub: Hub) -> Iterator[Metric]:
    """Where events travel in memory there is no log, and nothing behind it."""
    yield GaugeMetricFamily(
        "gorewatch_events_unrecorded",
        "How far the store is behind the event log, in events.",
        value=0 if bus is None else max(hub.newest - bus.recorder.number, 0),
    )
    yield CounterMetricFamily(
        "gorewatch_events_passed_over",
        "Messages of the event log that this version cannot read.",
        value=0 if bus is None else bus.recorder.passed_over,
    )


def of_attempts(dispatcher: Dispatcher) -> Iterator[Metric]:
    yield counter(
        "gorewatch_callback_attempts",
        "Attempts to post a callback or an event, by outcome.",
        "outcome",
        dispatcher.outcomes,
    )


def of_callbacks(webhooks: Webhooks) -> Iterator[Metric]:
    yield from of_attempts(webhooks.dispatcher)
    yield counter(
        "gorewatch_webhooks_dropped",
        "Events that a receiver was not told of.",
        "reason",
        webhooks.ledger.dropped,
    )


def of_kept_callbacks(by_state: Mapping[str, int]) -> Iterator[Metric]:
    words = [state.value for state in DeliveryState]
    yield gauge(
        "gorewatch_callbacks",
        "Callbacks and events owed or given up in the store, by state.",
        "state",
        by_state,
        words=words,
    )
