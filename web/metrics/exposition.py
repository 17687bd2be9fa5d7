"""The metrics of all parts as one text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from inference.events import Event, GoreProb

from ..api.compat.parts import Compat
from ..api.parts import Parts, Scoring
from ..recording.recorder import Recorder
from ..store.counts import Kept
from .checks import CheckMetrics, of_turns
from .delivery import of_bus, of_callbacks, of_events, of_kept_callbacks
from .hosts import of_hosts
from .jobs import of_jobs, of_kept_jobs
from .recording import of_pictures, of_scores
from .streams import of_scoring, of_streams, of_workers

_LATENCY_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.175, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The service's own registry of metrics. Lives on one event loop."""

    def __init__(self) -> None:
        self._prometheus = CollectorRegistry()
        ProcessCollector(registry=self._prometheus)
        self._latency = Histogram(
            "gorewatch_event_latency_seconds",
            "From the capture of a sample to the event about it.",
            buckets=_LATENCY_BUCKETS_S,
            registry=self._prometheus,
        )
        self.checks = CheckMetrics(self._prometheus)
        self._store = _Store()
        self._prometheus.register(self._store)

    def observe(self, event: Event, *, monotonic_s: float) -> None:
        """Note the latency of an event that is sent now."""
        if isinstance(event, GoreProb):
            self._latency.observe(max(monotonic_s - event.reading.captured_s, 0.0))

    def watch(self, parts: Parts, *, recorder: Recorder, scorer: Scoring) -> None:
        """Read these parts' own counts at every collection."""
        self._prometheus.register(_Parts(parts, recorder, scorer))

    def watch_calls(self, compat: Compat) -> None:
        """The same for what stands behind `/1.0`."""
        self._prometheus.register(_Calls(compat))

    def render(self, kept: Kept | None) -> tuple[bytes, Mapping[str, str]]:
        """The exposition as text, with its headers. `kept`: what is in the store now, None where it cannot be read."""
        self._store.kept = kept
        return generate_latest(self._prometheus), {"Content-Type": CONTENT_TYPE_LATEST}


@dataclass(frozen=True, slots=True, eq=False)
class _Parts(Collector):
    parts: Parts
    recorder: Recorder
    scorer: Scoring

    def collect(self) -> Iterator[Metric]:
        parts = self.parts
        yield from of_streams(parts.registry)
        yield from of_events(parts.hub, parts.seats, parts.bus)
        yield from of_bus(parts.bus, parts.hub)
        yield from of_scores(self.recorder)
        yield from of_pictures(parts.pictures)
        yield from of_scoring(self.scorer.stats())
        yield from of_workers(parts.workers)
        yield from of_hosts(parts.hosts)
        yield from of_callbacks(parts.webhooks)


class _Calls(Collector):
    def __init__(self, compat: Compat) -> None:
        self._compat = compat

    def collect(self) -> Iterator[Metric]:
        compat = self._compat
        yield from of_jobs(compat.jobs.counts())
        yield from of_turns(compat.checks.turns, compat.uploads, compat.large_uploads)


class _Store(Collector):
    """What is left out while the store cannot be read."""

    def __init__(self) -> None:
        self.kept: Kept | None = None

    def collect(self) -> Iterator[Metric]:
        if self.kept is not None:
            yield from of_kept_jobs(self.kept.jobs)
            yield from of_kept_callbacks(self.kept.callbacks)
