"""Probes, metrics and the page."""

import asyncio
from typing import Any

import pytest

from inference.events import MediaStalled
from tests.web.delivery.journals import MemoryJournal
from tests.web.serving import WITHIN_S, Served, serving
from web.store import store


async def test_readiness_names_the_model_and_what_is_missing() -> None:
    async with serving() as served:
        ready = await served.get("/readyz")
        assert ready["status"] == "ready"
        assert ready["model"] == {"name": "gore-lite1", "version": "1", "provider": "cpu", "variant": "fp32"}
        served.pool.ready = False
        async with served.http.get("/readyz") as response:
            assert response.status == 503
            assert (await response.json())["reasons"] == ["not every decoder process is up"]
        assert (await served.get("/healthz"))["status"] == "ok"
        served.pool.ready = True
        await served.registry.aclose()
        async with served.http.get("/readyz") as response:
            assert (await response.json())["reasons"] == ["the service is stopping"]


async def test_readiness_asks_whether_the_store_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_PROBE_EVERY_S", 0.0)
    async with serving() as served:
        for name, other, status in (("meta", "gone", 503), ("gone", "meta", 200)):
            async with served.store.writing() as tx:
                await tx.exec_driver_sql(f"ALTER TABLE {name} RENAME TO {other}")
            async with served.http.get("/readyz") as response:
                assert response.status == status
                assert (await response.json())["reasons"] == (["the store cannot be written"] if status == 503 else [])


async def test_readiness_and_metrics_tell_when_events_cannot_be_kept() -> None:
    journal = MemoryJournal()
    async with serving(journal=journal) as served:
        journal.works = False
        served.hub.publish("str_a", "med_a", MediaStalled("no frames"))
        reason = "events are sent before they are stored, since the store is too slow or fails"
        assert reason in (await _readiness(served, "unavailable"))["reasons"]
        lines = await _metrics(served)
        assert "gorewatch_events_kept_first 0.0" in lines
        assert "gorewatch_events_unkept 1.0" in lines
        journal.works = True
        assert (await _readiness(served, "ready"))["reasons"] == []
        lines = await _metrics(served)
        assert "gorewatch_events_kept_first 1.0" in lines
        assert "gorewatch_events_unkept 0.0" in lines


async def _readiness(served: Served, status: str) -> dict[str, Any]:
    """Ask until it is that."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            async with served.http.get("/readyz") as response:
                answer: dict[str, Any] = await response.json()
            if answer["status"] == status:
                return answer
            await asyncio.sleep(0.01)


async def test_metrics_tell_of_streams_events_and_drops() -> None:
    async with serving() as served:
        stream = await served.add()
        source = await served.pool.source()
        source.live()
        source.sample(0.0, 0.5)
        source.sample(0.5, 1 / 255)
        source.sample(1.0, 0.5)
        path = f"/v1/streams/{stream['id']}"
        shown = await served.until(path, lambda answer: answer["samples"] == 2)
        assert shown["dropped"] == 1
        for line in (
            'gorewatch_streams{state="live"} 1.0',
            "gorewatch_samples_total 2.0",
            'gorewatch_samples_dropped_total{reason="newer"} 1.0',
            'gorewatch_events_total{type="media.started"} 1.0',
            "gorewatch_scorer_samples_total 7.0",
            "gorewatch_subscribers 0.0",
            "gorewatch_event_latency_seconds_count 2.0",
        ):
            assert line in await _metrics(served)
        async with served.http.delete(path):
            pass
        after = await _metrics(served)
        assert "gorewatch_samples_total 2.0" in after
        assert 'gorewatch_streams{state="ended"} 1.0' in after


async def _metrics(served: Served) -> list[str]:
    async with served.http.get("/metrics") as response:
        assert response.content_type == "text/plain"
        return (await response.text()).splitlines()


async def test_the_page_is_served_with_headers_that_confine_it() -> None:
    async with serving() as served:
        async with served.http.get("/") as response:
            assert response.status == 200
            assert response.content_type == "text/html"
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert response.headers["X-Content-Type-Options"] == "nosniff"
        async with served.http.get("/static/icon.svg") as response:
            assert response.content_type == "image/svg+xml"
            etag = response.headers["ETag"]
        async with served.http.get("/static/icon.svg", headers={"If-None-Match": etag}) as response:
            assert response.status == 304
        async with served.http.get("/v1/streams") as response:
            assert response.headers["X-Content-Type-Options"] == "nosniff"
