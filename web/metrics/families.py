"""Families of metrics with a label."""

from collections.abc import Iterable, Mapping

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric


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
