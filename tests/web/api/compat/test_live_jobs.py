"""Jobs of `/1.0` on live streams: conformance cases by their numbers."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.media import Clips
from tests.servers.http import HttpServer, run_http_server
from tests.servers.receiver import Receiver
from tests.servers.rtmp import RtmpServer, run_rtmp_server
from tests.servers.rtsp import run_rtsp_server
from tests.servers.scripted import Endless, run_scripted
from tests.web.api.compat.calling import succeeded
from tests.web.api.compat.watching import (
    ONGOING,
    JobApi,
    bearer,
    final,
    positions,
    v1,
)


@pytest.fixture(scope="module")
def rtmp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RtmpServer]:
    with run_rtmp_server(tmp_path_factory.mktemp("rtmp")) as server:
        yield server


def test_case_47_50_51_52_53_a_live_stream_is_watched_until_it_is_stopped(
    job_api: JobApi, sources: HttpServer, receiver: Receiver
) -> None:
    url = sources.url("/live/index.m3u8")
    job_id = job_api.submit(url, callback_url=receiver.url("/ok/50"), interval=1)
    (listed,) = succeeded(job_api.get(ONGOING), 0).body["ongoing"]
    assert listed["media"] == {"id": job_id, "uri": url}
    assert "frames" not in listed["data"]
    (scene,) = receiver.wait("/ok/50", status="ongoing")[:1]
    assert len(positions(scene.body)) == 1
    output = job_api.until(job_id, lambda data: len(data["frames"]) >= 3)
    assert (output["data"]["status"], output["data"]["progress"]) == ("ongoing", None)
    assert all(position % 1000 == 0 for position in positions(output))
    assert positions(output) == sorted(set(positions(output)))
    stream = _stream_of(job_api, job_id)
    assert (stream["state"], stream["url"]) == ("live", url)

    succeeded(job_api.delete(job_id), 0)
    stopped = job_api.output(job_id)
    assert stopped["data"]["status"] == "stopped"
    assert len(receiver.wait("/ok/50", status="stopped")) == 1
    assert _stream_of(job_api, job_id)["state"] == "ended"
    succeeded(job_api.delete(job_id, in_body=True), 0)
    assert job_api.output(job_id) == stopped
    assert succeeded(job_api.get(ONGOING), 0).body["ongoing"] == []
    assert final(receiver.at("/ok/50")).body == stopped


def test_case_52_who_stops_a_job_closes_the_connection_to_its_source(
    job_api: JobApi, receiver: Receiver, clips: Clips
) -> None:
    source = Endless(clips.ts.read_bytes(), seconds=6)
    with run_scripted(source.script) as server:
        url, hook = f"http://127.0.0.1:{server.port}/live.ts", "/ok/52"
        job_id = job_api.submit(url, callback_url=receiver.url(hook), interval=1)
        job_api.until(job_id, lambda data: len(data["frames"]) >= 2)
        assert source.watching == 1
        succeeded(job_api.delete(job_id), 0)
        deadline = time.monotonic() + 20
        while source.watching:
            assert time.monotonic() < deadline, job_api.service.log
            time.sleep(0.05)
        before = server.connections
        receiver.wait(hook, status="stopped")
        assert job_api.output(job_id)["data"]["status"] == "stopped"
        assert final(receiver.at(hook)).body == job_api.output(job_id)
        assert server.connections == before


def test_case_53_parameters_of_a_delete_may_stand_in_its_body(job_api: JobApi, sources: HttpServer) -> None:
    job_id = job_api.submit(sources.url("/live/index.m3u8"))
    succeeded(job_api.delete(job_id, in_body=True), 0)
    assert job_api.output(job_id)["data"]["status"] == "stopped"


def test_who_ends_the_stream_of_a_job_ends_the_job(job_api: JobApi, sources: HttpServer) -> None:
    job_id = job_api.submit(sources.url("/live/index.m3u8"))
    stream = _stream_of(job_api, job_id)
    assert requests.delete(v1(job_api, f"/streams/{stream['id']}"), headers=bearer(), timeout=20).status_code == 200
    assert job_api.until_ended(job_id)["data"]["status"] == "stopped"


def test_case_54_a_live_stream_that_ends_by_itself_is_finished(
    job_api: JobApi, receiver: Receiver, clips: Clips
) -> None:
    with run_http_server(clips) as server:
        job_id = job_api.submit(server.url("/live/index.m3u8"), callback_url=receiver.url("/ok/54"), interval=1)
        job_api.until(job_id, lambda data: data["frames"])
        server.end_live()
        receiver.wait("/ok/54", status="finished")
        assert len(final(receiver.at("/ok/54")).body["data"]["frames"]) >= 3


@pytest.mark.rtmp
def test_case_55_56_an_rtmp_stream_is_watched_until_its_publisher_is_gone_for_good(
    job_api: JobApi, receiver: Receiver, rtmp: RtmpServer, clips: Clips
) -> None:
    with rtmp.publish(clips.flv, "jobs"):
        job_id = job_api.submit(rtmp.url("jobs"), callback_url=receiver.url("/ok/56"), interval=0.5)
        job_api.until(job_id, lambda data: len(data["frames"]) >= 3)
    output = job_api.until_ended(job_id)
    assert output["data"]["status"] in ("finished", "failure")
    assert len(output["data"]["frames"]) >= 3
    receiver.wait("/ok/56", status=output["data"]["status"])
    assert final(receiver.at("/ok/56")).body == output


@pytest.mark.rtsp
def test_case_55_an_rtsp_stream_is_watched(job_api: JobApi, clips: Clips) -> None:
    with run_rtsp_server(clips.mp4) as rtsp:
        job_id = job_api.submit(rtsp.url(), interval=0.5)
        output = job_api.until(job_id, lambda data: len(data["frames"]) >= 3)
        assert all(position % 500 == 0 for position in positions(output))
        succeeded(job_api.delete(job_id), 0)
        assert job_api.output(job_id)["data"]["status"] == "stopped"


def _stream_of(job_api: JobApi, job_id: str) -> dict[str, Any]:
    streams = requests.get(v1(job_api, "/streams"), headers=bearer(), timeout=20).json()["streams"]
    (stream,) = [stream for stream in streams if stream["media"] == job_id]
    assert isinstance(stream, dict)
    return stream
