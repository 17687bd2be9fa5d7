"""Metrics of the scores on their way to the store."""

from collections.abc import Iterator

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from ..recording.recorder import Recorder


def of_scores(recorder: Recorder) -> Iterator[Metric]:
    yield CounterMetricFamily("gorewatch_scores_kept", "Scores that are in the store.", value=recorder.written)
    yield CounterMetricFamily("gorewatch_scores_dropped", "Scores that were never stored.", value=recorder.dropped)
    yield GaugeMetricFamily("gorewatch_scores_unkept", "Scores still to be stored.", value=recorder.waiting)
