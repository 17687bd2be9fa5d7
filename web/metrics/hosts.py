"""Metrics of the hosts that watch streams. They have no samples where the service watches all of them itself."""

from collections import Counter
from collections.abc import Iterable, Iterator

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from ..cluster.hosting.hosts import Hosts
from ..cluster.hosting.placing import Hosted

_STATES = ("up", "draining", "down")


def of_hosts(hosts: Hosts | None) -> Iterator[Metric]:
    """Those by host are of hosts that there are now: a host that is gone leaves no label behind."""
    there = [] if hosts is None else list(hosts)
    states = GaugeMetricFamily("gorewatch_hosts", "Hosts, by what becomes of streams.", labels=["state"])
    room = GaugeMetricFamily("gorewatch_hosts_room", "Streams more that the hosts are expected to bear.")
    gone = CounterMetricFamily("gorewatch_hosts_gone", "Hosts that are there no more.")
    if hosts is not None:
        counted = Counter(map(_state, there))
        for state in _STATES:
            states.add_metric([state], counted[state])
        room.add_metric([], sum(host.room for host in there))
        gone.add_metric([], hosts.gone)
    yield from (states, room, gone)
    yield _gauge("gorewatch_host_streams", "Streams that it watches.", ((one, one.streams) for one in there))
    yield _gauge("gorewatch_host_busy", "Its processors' time in use, as a share.", ((one, one.busy) for one in there))
    yield _counter("gorewatch_host_losses", "How often it was given up.", ((one, one.times_lost) for one in there))
    yield _counter(
        "gorewatch_host_worker_restarts",
        "Decoder processes replaced there.",
        ((one, one.worker_restarts) for one in there),
    )


def _state(host: Hosted) -> str:
    if not host.up:
        return "down"
    return "draining" if host.draining else "up"


def _gauge(name: str, text: str, values: Iterable[tuple[Hosted, float]]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=["host"])
    for host, value in values:
        family.add_metric([host.id], value)
    return family


def _counter(name: str, text: str, values: Iterable[tuple[Hosted, float]]) -> Metric:
    family = CounterMetricFamily(name, text, labels=["host"])
    for host, value in values:
        family.add_metric([host.id], value)
    return family
