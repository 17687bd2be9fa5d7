"""Probes, metrics and the page."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from inference.events import MediaStalled
from stream.errors import WorkerLost
from tests.web.delivery.journals import MemoryJournal
from tests.web.serving import WITHIN_S, Served, serving
from web.metrics.services import of_services
from web.store import store

_CAMERA = "rtsp://camera.example/one"
_CREDENTIALS = {"api_user": "1", "api_secret": "x", "models": "gore"}


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


async def test_metrics_tell_of_jobs_checks_and_callbacks() -> None:
    async with serving() as served:
        assert 'gorewatch_jobs{status="ongoing"} 0.0' in await _metrics(served)
        fields = {**_CREDENTIALS, "callback_url": "http://receiver.example/"}
        async with served.http.post("/1.0/video/check.json", data={**fields, "stream_url": _CAMERA}) as response:
            assert response.status == 200
        source = await served.pool.source()
        assert {"gorewatch_jobs_waiting 1.0", "gorewatch_jobs_running 0.0"} <= await _metrics(served)
        source.live()
        (stream,) = served.registry
        await served.until(f"/v1/streams/{stream.id}", lambda answer: answer["state"] == "live")
        assert {
            "gorewatch_jobs_waiting 0.0",
            "gorewatch_jobs_running 1.0",
            'gorewatch_jobs{status="ongoing"} 1.0',
            'gorewatch_jobs_ended_total{status="stopped"} 0.0',
            'gorewatch_callbacks{state="pending"} 0.0',
        } <= await _metrics(served)
        async with served.http.delete(f"/v1/streams/{stream.id}"):
            pass
        wanted = {
            'gorewatch_jobs{status="ongoing"} 0.0',
            'gorewatch_jobs{status="stopped"} 1.0',
            'gorewatch_jobs_ended_total{status="stopped"} 1.0',
            "gorewatch_jobs_running 0.0",
            'gorewatch_callback_attempts_total{outcome="failed"} 1.0',
            'gorewatch_callback_attempts_total{outcome="delivered"} 0.0',
            'gorewatch_callbacks{state="pending"} 1.0',
            'gorewatch_callback_attempts_total{outcome="given_up"} 0.0',
            'gorewatch_webhooks_dropped_total{reason="over_limit"} 0.0',
        }
        async with asyncio.timeout(WITHIN_S):
            while True:
                if wanted <= await _metrics(served):
                    break
                await asyncio.sleep(0.01)


async def test_metrics_tell_of_images_by_outcome_and_how_long_they_took() -> None:
    async with serving(limits={"max_checks": 1, "check_queue": 1}) as served:
        calls = [asyncio.create_task(_checked(served)) for _ in range(2)]
        first = await served.pool.source()
        async with asyncio.timeout(WITHIN_S):
            while True:
                if "gorewatch_checks_waiting 1.0" in (shown := await _metrics(served)):
                    break
                await asyncio.sleep(0.01)
        assert {"gorewatch_checks_running 1.0", "gorewatch_calls_in_progress 2.0"} <= shown
        assert await _checked(served) == 503
        first.live()
        first.sample(0.0, 0.5)
        first.end()
        second = await served.pool.source(1)
        second.fail("not_media")
        assert sorted(await asyncio.gather(*calls)) == [200, 400]
        served.pool.refuse = WorkerLost("It died.")
        assert await _checked(served) == 503
        assert {
            'gorewatch_checks_total{kind="image",outcome="scored"} 1.0',
            'gorewatch_checks_total{kind="image",outcome="media_error"} 1.0',
            'gorewatch_checks_total{kind="image",outcome="service_error"} 1.0',
            'gorewatch_checks_total{kind="video",outcome="scored"} 0.0',
            'gorewatch_check_seconds_count{kind="image"} 1.0',
            "gorewatch_calls_refused_total 1.0",
            "gorewatch_checks_waiting 0.0",
            "gorewatch_checks_running 0.0",
        } <= await _metrics(served)


async def test_metrics_do_without_a_store_that_cannot_be_read(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as served:
        async with served.store.writing() as tx:
            await tx.exec_driver_sql("ALTER TABLE jobs RENAME TO gone")
        shown = await _metrics(served)
        assert "gorewatch_jobs_running 0.0" in shown
        assert not [line for line in shown if line.startswith(("gorewatch_jobs{", "gorewatch_callbacks{"))]
    assert "left out" in caplog.text


async def test_every_metric_is_in_the_document() -> None:
    document = (Path(__file__).parents[3] / "docs" / "operations.md").read_text()
    told = set(re.findall(r"`(gorewatch_[a-z_]+)(?:\{[a-z, ]+\})?`", document))
    async with serving() as served:
        shown = await _metrics(served)
    described = {line.split()[2] for line in shown if line.startswith("# TYPE gorewatch_")}
    of_web_nodes = {of_services({}).name}
    assert {name for name in described if not name.endswith("_created")} | of_web_nodes == told


async def _checked(served: Served) -> int:
    async with served.http.get("/1.0/check.json", params={**_CREDENTIALS, "url": "http://x.example/a.jpg"}) as response:
        return response.status


async def _metrics(served: Served) -> set[str]:
    async with served.http.get("/metrics") as response:
        assert response.content_type == "text/plain"
        return set((await response.text()).splitlines())


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


@pytest.mark.parametrize(
    "path",
    ["../api/pages.py", "%2e%2e/api/pages.py", "..%2fapi%2fpages.py", "js/../../api/pages.py", "%2fetc/passwd", ""],
)
async def test_nothing_outside_of_the_pages_folder_is_served(path: str) -> None:
    async with serving() as served:
        url = URL(f"{served.url}/static/{path}", encoded=True)
        async with served.http.get(url) as response:
            assert response.status == 404
            assert str(response.request_info.url).endswith(path)
