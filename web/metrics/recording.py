"""Metrics of scores on their way to the store, and of frames of peaks on theirs to the disk."""

from collections.abc import Iterator

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from ..recording.pictures import DROPPED, Pictures
from ..recording.recorder import Recorder
from .families import counter


def of_scores(recorder: Recorder) -> Iterator[Metric]:
    yield CounterMetricFamily("gorewatch_scores_kept", "Scores that are in the store.", value=recorder.written)
    yield CounterMetricFamily("gorewatch_scores_dropped", "Scores that were never stored.", value=recorder.dropped)
    yield GaugeMetricFamily("gorewatch_scores_unkept", "Scores still to be stored.", value=recorder.waiting)


def of_pictures(pictures: Pictures) -> Iterator[Metric]:
    yield CounterMetricFamily("gorewatch_pictures_kept", "Frames of peaks written.", value=pictures.kept)
    yield counter(
        "gorewatch_pictures_dropped", "Frames of peaks never written.", "reason", pictures.dropped, words=DROPPED
    )
    yield GaugeMetricFamily("gorewatch_pictures_waiting", "Frames of peaks still to be written.", pictures.waiting)
