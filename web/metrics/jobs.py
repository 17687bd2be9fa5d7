"""Metrics of the jobs of `/1.0`."""

from collections.abc import Iterator, Mapping

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from ..jobs.counts import JobCounts
from ..store.job import JobStatus
from .families import counter, gauge

_ENDED = tuple(status.value for status in JobStatus if status is not JobStatus.ONGOING)


def of_jobs(counts: JobCounts) -> Iterator[Metric]:
    yield GaugeMetricFamily("gorewatch_jobs_running", "Jobs whose media is being read.", value=counts.running)
    yield GaugeMetricFamily(
        "gorewatch_jobs_waiting", "Jobs whose media is being opened, or opened again.", value=counts.waiting
    )
    yield counter("gorewatch_jobs_ended", "Jobs that ended, by how.", "status", counts.ended, words=_ENDED)


def of_kept_jobs(by_status: Mapping[str, int]) -> Iterator[Metric]:
    words = [status.value for status in JobStatus]
    yield gauge("gorewatch_jobs", "Jobs in the store, by status.", "status", by_status, words=words)
