"""Families of metrics with a label."""

from collections.abc import Iterable, Mapping

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from inference.buckets import Histogram


def counter(name: str, text: str, label: str, counts: Mapping[str, int], *, words: Iterable[str] = ()) -> Metric:
    """What was counted, and 0 for those of `words` that were not."""
    family = CounterMetricFamily(name, text, labels=[label])
    for word in sorted({*counts, *words}):
        family.add_metric([word], counts.get(word, 0))
    return family


def gauge(name: str, text: str, label: str, counts: Mapping[str, int], *, words: Iterable[str]) -> Metric:
    """How many there are of each of `words`."""
    family = GaugeMetricFamily(name, text, labels=[label])
    for word in words:
        family.add_metric([word], counts.get(word, 0))
    return family


def histogram(name: str, text: str, counted: Histogram) -> Metric:
    """What the parts counted by size themselves."""
    at_most = [(str(float(bound)), count) for bound, count in zip(counted.bounds, counted.at_most, strict=True)]
    return HistogramMetricFamily(name, text, buckets=[*at_most, ("+Inf", counted.count)], sum_value=counted.total)
