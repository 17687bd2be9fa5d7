"""Metrics of a web node about the services behind it."""

from collections.abc import Mapping

from prometheus_client.metrics_core import Metric

from .families import gauge


def of_services(up: Mapping[str, bool]) -> Metric:
    return gauge("gorewatch_upstream_up", "Whether a service behind this web node answers.", "upstream", up, words=up)
