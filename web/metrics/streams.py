"""Metrics of streams, and of the processes and the detector behind them."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from inference.stats import ScorerStats
from stream.sample import State

from ..api.parts import Workers
from ..registry import Registry
from .families import counter, gauge, histogram


def of_streams(registry: Registry) -> Iterator[Metric]:
    states = Counter(stream.state.value for stream in registry)
    lags_s = [stream.counters.lag_s or 0.0 for stream in registry if not stream.state.final]
    totals = registry.totals()
    words = [state.value for state in State]
    yield gauge("gorewatch_streams", "Streams that are known, by state.", "state", states, words=words)
    yield GaugeMetricFamily(
        "gorewatch_lag_seconds_max", "Of the stream furthest behind live.", max(lags_s, default=0.0)
    )
    yield CounterMetricFamily("gorewatch_packets", "Packets of video read.", value=totals.packets)
    yield CounterMetricFamily("gorewatch_bytes", "Bytes of these packets.", value=totals.size_bytes)
    yield CounterMetricFamily("gorewatch_reconnects", "Sources opened again.", value=totals.reconnects)
    yield CounterMetricFamily("gorewatch_frames", "Frames decoded.", value=totals.frames)
    yield CounterMetricFamily("gorewatch_samples", "Samples scored, of all streams.", value=totals.samples)
    yield CounterMetricFamily("gorewatch_decode_errors", "Errors met while decoding.", value=totals.decode_errors)
    yield CounterMetricFamily(
        "gorewatch_decode_fallbacks", "GOPs too long for key frames alone.", value=totals.fallbacks
    )
    yield counter("gorewatch_samples_dropped", "Samples given up unscored.", "reason", totals.dropped)


def of_scoring(stats: ScorerStats) -> Iterator[Metric]:
    yield CounterMetricFamily("gorewatch_scorer_batches", "Batches run.", value=stats.batches)
    yield CounterMetricFamily("gorewatch_scorer_samples", "Samples scored.", value=stats.samples)
    yield CounterMetricFamily("gorewatch_scorer_failed", "Samples the model failed on.", value=stats.failed)
    yield GaugeMetricFamily("gorewatch_scorer_waiting", "Samples waiting to be scored.", value=stats.waiting)
    yield histogram("gorewatch_scorer_latency_seconds", "From a sample's submission to its score.", stats.latency_s)
    yield histogram("gorewatch_scorer_batch_size", "Samples in a batch.", stats.batch_sizes)


def of_workers(workers: Workers) -> Iterator[Metric]:
    yield GaugeMetricFamily("gorewatch_workers_ready", "Whether all are up.", value=float(workers.ready))
    yield CounterMetricFamily("gorewatch_worker_restarts", "Replaced workers.", value=workers.restarts)
