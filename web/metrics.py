"""What Prometheus may read: counted where it happens, collected when it is asked for."""

from collections import Counter as Count
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from inference.events import Event, GoreProb
from inference.scorer import ScorerStats
from stream.sample import State

from .api.parts import Scoring, Workers
from .delivery.hub import Hub
from .delivery.seats import Seats
from .recording.pictures import Pictures
from .registry import Registry

_LATENCY_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.175, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The service's own registry of metrics."""

    def __init__(self) -> None:
        self._prometheus = CollectorRegistry()
        ProcessCollector(registry=self._prometheus)
        self._latency = Histogram(
            "gorewatch_event_latency_seconds",
            "From the capture of a sample to the event about it.",
            buckets=_LATENCY_BUCKETS_S,
            registry=self._prometheus,
        )

    def observe(self, event: Event, *, monotonic_s: float) -> None:
        """Note the latency of an event that is sent now."""
        if isinstance(event, GoreProb):
            self._latency.observe(max(monotonic_s - event.reading.captured_s, 0.0))

    def watch(
        self, *, registry: Registry, hub: Hub, seats: Seats, scorer: Scoring, workers: Workers, pictures: Pictures
    ) -> None:
        """Read these parts' own counts at every collection."""
        self._prometheus.register(_Parts(registry, hub, seats, scorer, workers, pictures))

    def render(self) -> tuple[bytes, Mapping[str, str]]:
        """The exposition as text, with its headers."""
        return generate_latest(self._prometheus), {"Content-Type": CONTENT_TYPE_LATEST}


class _Parts(Collector):
    def __init__(
        self, registry: Registry, hub: Hub, seats: Seats, scorer: Scoring, workers: Workers, pictures: Pictures
    ) -> None:
        self._registry = registry
        self._hub = hub
        self._seats = seats
        self._scorer = scorer
        self._workers = workers
        self._pictures = pictures

    def collect(self) -> Iterator[Metric]:
        yield from self._streams()
        yield from self._delivery()
        yield from _scoring(self._scorer.stats())
        yield from _keeping(self._pictures)
        yield GaugeMetricFamily("gorewatch_workers_ready", "Whether all are up.", value=float(self._workers.ready))
        yield CounterMetricFamily("gorewatch_worker_restarts", "Replaced workers.", value=self._workers.restarts)

    def _streams(self) -> Iterable[Metric]:
        states = Count(stream.state for stream in self._registry)
        lags_s = [stream.counters.lag_s or 0.0 for stream in self._registry if not stream.state.final]
        by_state = GaugeMetricFamily("gorewatch_streams", "Streams that are known, by state.", labels=["state"])
        for state in State:
            by_state.add_metric([state.value], states[state])
        totals = self._registry.totals()
        return (
            by_state,
            GaugeMetricFamily(
                "gorewatch_lag_seconds_max", "Of the stream furthest behind live.", max(lags_s, default=0.0)
            ),
            CounterMetricFamily("gorewatch_packets", "Packets of video read.", value=totals.packets),
            CounterMetricFamily("gorewatch_bytes", "Bytes of these packets.", value=totals.size_bytes),
            CounterMetricFamily("gorewatch_reconnects", "Sources opened again.", value=totals.reconnects),
            CounterMetricFamily("gorewatch_frames", "Frames decoded.", value=totals.frames),
            CounterMetricFamily("gorewatch_samples", "Samples scored, of all streams.", value=totals.samples),
            CounterMetricFamily("gorewatch_decode_errors", "Errors met while decoding.", value=totals.decode_errors),
            CounterMetricFamily(
                "gorewatch_decode_fallbacks", "GOPs too long for key frames alone.", value=totals.fallbacks
            ),
            _labelled("gorewatch_samples_dropped", "Samples given up unscored.", "reason", totals.dropped),
        )

    def _delivery(self) -> Iterable[Metric]:
        hub, tally = self._hub, self._hub.tally
        return (
            _labelled("gorewatch_events", "Events published.", "type", hub.published),
            CounterMetricFamily("gorewatch_events_sent", "Events sent, each to each subscriber.", value=tally.sent),
            CounterMetricFamily(
                "gorewatch_events_merged", "Scores that a newer one replaced for a slow reader.", value=tally.merged
            ),
            CounterMetricFamily("gorewatch_events_replayed", "Events sent again after an id.", value=tally.replayed),
            GaugeMetricFamily("gorewatch_events_unkept", "Events still to be stored.", value=hub.unkept),
            _labelled("gorewatch_events_dropped", "Events that were never stored.", "type", hub.dropped),
            GaugeMetricFamily(
                "gorewatch_events_kept_first", "Whether they are stored before they are sent.", float(hub.journal_ok)
            ),
            GaugeMetricFamily("gorewatch_subscribers", "Open event connections.", value=hub.subscriber_count),
            CounterMetricFamily(
                "gorewatch_subscribers_cut", "Event connections closed for reading too slowly.", value=tally.cut
            ),
            CounterMetricFamily(
                "gorewatch_subscribers_refused", "Event connections over the limit.", value=self._seats.refused
            ),
        )


def _scoring(stats: ScorerStats) -> Iterable[Metric]:
    return (
        CounterMetricFamily("gorewatch_scorer_batches", "Batches run.", value=stats.batches),
        CounterMetricFamily("gorewatch_scorer_samples", "Samples scored.", value=stats.samples),
        CounterMetricFamily("gorewatch_scorer_failed", "Samples the model failed on.", value=stats.failed),
        GaugeMetricFamily("gorewatch_scorer_waiting", "Samples waiting to be scored.", value=stats.waiting),
    )


def _keeping(pictures: Pictures) -> Iterable[Metric]:
    return (
        CounterMetricFamily("gorewatch_pictures", "Frames of peaks written.", value=pictures.kept),
        GaugeMetricFamily("gorewatch_pictures_waiting", "Frames of peaks still to be written.", pictures.waiting),
        _labelled("gorewatch_pictures_dropped", "Frames of peaks never written.", "reason", pictures.dropped),
    )


def _labelled(name: str, text: str, label: str, counts: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family
