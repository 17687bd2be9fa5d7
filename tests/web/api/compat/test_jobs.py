"""Jobs of `/1.0` against a running service, real sources and a real receiver: conformance cases by their numbers."""

import hashlib
import hmac
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.media import Clips
from tests.servers.http import HttpServer, run_http_server
from tests.servers.receiver import Got, Receiver, run_receiver
from tests.servers.rtmp import RtmpServer, run_rtmp_server
from tests.servers.rtsp import run_rtsp_server
from tests.servers.scripted import Endless, run_scripted
from tests.web.api.compat.calling import CREDENTIALS, MEDIA_ID, VIDEO, failed, succeeded
from tests.web.api.compat.watching import (
    BRIGHT,
    ONGOING,
    OTHER_SECRET,
    OTHER_USER,
    SIGNING_SECRET,
    WATCH,
    JobApi,
    job_service,
    positions,
)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobApi]:
    with job_service(tmp_path_factory.mktemp("jobs")) as service:
        yield JobApi(service)
        assert "Traceback" not in service.log


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with run_receiver() as running:
        yield running


@pytest.fixture(scope="module")
def sources(clips: Clips) -> Iterator[HttpServer]:
    """With a live playlist that never ends."""
    with run_http_server(clips) as server:
        yield server


@pytest.fixture(scope="module")
def rtmp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RtmpServer]:
    with run_rtmp_server(tmp_path_factory.mktemp("rtmp")) as server:
        yield server


@pytest.fixture(scope="module")
def safe(clips: Clips) -> Path:
    """Three seconds that are all dark."""
    return clips.video("safe.mp4", width=128, height=72, seconds=3)


@pytest.fixture(scope="module")
def long(clips: Clips) -> Path:
    """A clip of 90 s."""
    return clips.video("long.mp4", width=64, height=36, seconds=90)


def _final(got: list[Got]) -> Got:
    """The last one, which is the only one of its kind."""
    assert [one.status for one in got[:-1]] == ["ongoing"] * (len(got) - 1)
    assert got[-1].status != "ongoing"
    return got[-1]


def test_case_35_submitting_answers_at_once(api: JobApi, sources: HttpServer, receiver: Receiver, safe: Path) -> None:
    url, hook = sources.url(f"/slow/{safe.name}?rate=20000"), receiver.url("/ok/35")
    answer = succeeded(api.get(WATCH, stream_url=url, callback_url=hook), 0)
    assert set(answer.body) == {"status", "request", "media", "callback"}
    assert MEDIA_ID.fullmatch(answer.body["media"]["id"])
    assert (answer.body["media"]["uri"], answer.body["callback"]) == (url, hook)
    succeeded(api.delete(answer.body["media"]["id"]), 0)


def test_case_36_38_the_last_callback_has_all_frames_and_polling_the_same(
    api: JobApi, sources: HttpServer, receiver: Receiver, clips: Clips
) -> None:
    url = sources.url(clips.mp4)
    answer = succeeded(api.get(WATCH, stream_url=url, callback_url=receiver.url("/ok/36"), interval=1), 0)
    job_id = answer.body["media"]["id"]
    receiver.wait("/ok/36", status="finished")
    body = _final(receiver.at("/ok/36")).body
    assert set(body) == {"media", "request", "data"}
    assert body["media"] == {"id": job_id, "uri": url}
    assert body["request"] == answer.body["request"]["id"]
    data = body["data"]
    assert set(data) == {"status", "started", "last_update", "operations", "progress", "frames"}
    assert isinstance(data["started"], float)
    assert isinstance(data["last_update"], float)
    assert data["started"] <= data["last_update"] <= time.time()
    assert (data["operations"], data["progress"]) == (6, 1.0)
    assert positions(body) == [0, 1000, 2000, 3000, 4000, 5000]
    assert [frame["info"]["id"] for frame in data["frames"]] == [f"{job_id}_{number}" for number in range(1, 7)]
    assert [frame["gore"]["prob"] > 0.5 for frame in data["frames"]] == [second in BRIGHT for second in range(6)]
    assert api.output(job_id) == body
    checked = succeeded(api.get(VIDEO, stream_url=url, interval=1), 6).body["data"]["frames"]
    assert [(frame["info"]["position"], frame["gore"]) for frame in checked] == [
        (frame["info"]["position"], frame["gore"]) for frame in data["frames"]
    ]


def test_case_37_a_safe_video_has_one_callback_and_another_one_for_its_scene(
    api: JobApi, sources: HttpServer, receiver: Receiver, safe: Path, clips: Clips
) -> None:
    api.submit(sources.url(safe), callback_url=receiver.url("/ok/37-safe"))
    api.submit(sources.url(clips.mp4), callback_url=receiver.url("/ok/37-scene"), interval=0.5)
    receiver.wait("/ok/37-safe", status="finished")
    assert len(receiver.at("/ok/37-safe")) == 1
    receiver.wait("/ok/37-scene", status="finished")
    scene, last = receiver.at("/ok/37-scene")
    assert (scene.status, positions(scene.body)) == ("ongoing", [3000])
    assert last.status == "finished"
    assert len(positions(last.body)) == 12


def test_case_38_a_job_that_runs_says_how_far_it_is(api: JobApi, sources: HttpServer, long: Path) -> None:
    job_id = api.submit(sources.url(f"/stall/{long.name}"))
    data = api.output(job_id)["data"]
    assert data["status"] == "ongoing"
    assert data["progress"] is None or 0.0 <= data["progress"] <= 1.0
    succeeded(api.delete(job_id), 0)


def test_case_39_a_file_is_watched_without_a_callback(api: JobApi, clips: Clips) -> None:
    answer = succeeded(api.send(clips.ts.read_bytes(), "funfair.ts", WATCH, models="gore-2.0", interval=2), 0)
    assert set(answer.body) == {"status", "request", "media"}
    assert answer.body["media"]["uri"] == "funfair.ts"
    output = api.until_ended(answer.body["media"]["id"])
    assert output["data"]["status"] == "finished"
    assert positions(output) == [0, 2000, 4000]
    assert {"prob", "classes", "type"} == set(output["data"]["frames"][0]["gore"])


def test_case_40_41_a_long_video_is_read_to_its_end_or_to_the_longest_duration(
    api: JobApi, sources: HttpServer, receiver: Receiver, long: Path
) -> None:
    whole = api.submit(sources.url(long))
    short = api.submit(sources.url(long), max_duration=10, callback_url=receiver.url("/ok/41"))
    data = api.until_ended(whole)["data"]
    assert (data["status"], data["operations"], len(data["frames"])) == ("finished", 45, 45)
    stopped = api.until_ended(short)
    assert stopped["data"]["status"] == "stopped"
    assert positions(stopped) == [0, 2000, 4000, 6000, 8000]
    receiver.wait("/ok/41", status="stopped")
    assert _final(receiver.at("/ok/41")).body == stopped


@pytest.mark.parametrize("value", ["4000", "0", "-1", "soon", "nan"])
def test_case_41_a_duration_out_of_range_is_refused(api: JobApi, value: str) -> None:
    failed(api.get(WATCH, stream_url="http://x.example/", max_duration=value), "argument_error", 53)


@pytest.mark.parametrize(
    ("path", "code"), [("/status/404", 61), ("/clips/page.html", 63), ("/redirect?to=http://127.0.0.1:1/", 61)]
)
def test_case_42_what_cannot_be_read_ends_as_a_failure(
    api: JobApi, sources: HttpServer, receiver: Receiver, clips: Clips, path: str, code: int
) -> None:
    assert clips.html.exists()
    hook = f"/ok/42{path.partition('?')[0]}"
    job_id = api.submit(sources.url(path), callback_url=receiver.url(hook))
    (got,) = receiver.wait(hook, status="failure")
    error = got.body["data"]["error"]
    assert (error["type"], error["code"], got.body["data"]["frames"]) == ("media_error", code, [])
    assert api.output(job_id) == got.body


@pytest.mark.parametrize("address", ["ftp://x", "not an address", "file:///etc/passwd", "http://"])
def test_case_43_a_callback_goes_to_the_web_alone(api: JobApi, address: str) -> None:
    failed(api.get(WATCH, stream_url="http://x.example/", callback_url=address), "callback_error", 55)


@pytest.mark.parametrize(
    ("params", "kind", "code"),
    [
        ({"stream_url": None}, "argument_error", 4),
        ({"stream_url": "file:///etc/passwd"}, "argument_error", 54),
        ({"stream_url": "udp://0.0.0.0:5000"}, "argument_error", 54),
        ({"stream_url": "srt://0.0.0.0:5000?mode=listener"}, "argument_error", 54),
        ({"stream_url": "/etc/passwd"}, "argument_error", 54),
        ({"interval": 0.7}, "argument_error", 53),
        ({"models": "nudity"}, "argument_error", 52),
        ({"media": "text"}, "argument_error", 5),
        ({"media_id": "med_000000000000000000000"}, "argument_error", 71),
    ],
)
def test_what_can_be_told_at_once_is(api: JobApi, params: dict[str, object], kind: str, code: int) -> None:
    failed(api.get(WATCH, **{"stream_url": "http://x.example/", **params}), kind, code)


def test_a_file_that_holds_a_playlist_leads_nowhere(api: JobApi, sources: HttpServer) -> None:
    before = len(sources.requests)
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{sources.url('/secret.ts')}\n#EXT-X-ENDLIST\n"
    answer = succeeded(api.send(playlist.encode(), "a.m3u8", WATCH), 0)
    assert api.until_ended(answer.body["media"]["id"])["data"]["error"]["code"] == 63
    assert len(sources.requests) == before


def test_case_44_a_job_ends_whatever_its_receiver_does(
    api: JobApi, sources: HttpServer, receiver: Receiver, safe: Path
) -> None:
    hung = api.submit(sources.url(safe), callback_url=receiver.url("/hang/44"))
    redirected = api.submit(sources.url(safe), callback_url=receiver.url("/redirect/44"))
    assert api.until_ended(hung)["data"]["status"] == "finished"
    assert api.until_ended(redirected)["data"]["status"] == "finished"
    receiver.wait("/hang/44")
    receiver.wait("/redirect/44")
    assert receiver.at("/ok/redirected") == []


def test_case_45_callbacks_are_signed(api: JobApi, sources: HttpServer, receiver: Receiver, safe: Path) -> None:
    api.submit(sources.url(safe), callback_url=receiver.url("/ok/45"))
    (got,) = receiver.wait("/ok/45")
    assert got.headers["Content-Type"] == "application/json"
    parts = dict(part.split("=", 1) for part in got.headers["Sightengine-Signature"].split(","))
    message = parts["t"].encode() + b"." + got.raw
    assert parts["v1"] == hmac.new(SIGNING_SECRET.encode(), message, hashlib.sha256).hexdigest()
    assert abs(int(parts["t"]) - time.time()) < 60


def test_case_46_a_job_of_another_key_is_as_unknown_as_one_that_never_was(
    api: JobApi, sources: HttpServer, safe: Path
) -> None:
    job_id = api.submit(sources.url(safe))
    never = failed(api.polled("med_000000000000000000000"), "argument_error", 71, status=404)
    other = {"api_user": OTHER_USER, "api_secret": OTHER_SECRET}
    for method in ("GET", "DELETE"):
        answer = api.call(method, "/1.0/video/byid.json", params={"id": job_id, **other})
        assert failed(answer, "argument_error", 71, status=404).body["error"] == never.body["error"]
    assert api.until_ended(job_id)["data"]["status"] == "finished"


def test_case_47_50_51_52_53_a_live_stream_is_watched_until_it_is_stopped(
    api: JobApi, sources: HttpServer, receiver: Receiver
) -> None:
    url = sources.url("/live/index.m3u8")
    job_id = api.submit(url, callback_url=receiver.url("/ok/50"), interval=1)
    (listed,) = succeeded(api.get(ONGOING), 0).body["ongoing"]
    assert listed["media"] == {"id": job_id, "uri": url}
    assert "frames" not in listed["data"]
    (scene,) = receiver.wait("/ok/50", status="ongoing")[:1]
    assert len(positions(scene.body)) == 1
    output = api.until(job_id, lambda data: len(data["frames"]) >= 3)
    assert (output["data"]["status"], output["data"]["progress"]) == ("ongoing", None)
    assert all(position % 1000 == 0 for position in positions(output))
    assert positions(output) == sorted(set(positions(output)))
    stream = _stream_of(api, job_id)
    assert (stream["state"], stream["url"]) == ("live", url)

    succeeded(api.delete(job_id), 0)
    stopped = api.output(job_id)
    assert stopped["data"]["status"] == "stopped"
    assert len(receiver.wait("/ok/50", status="stopped")) == 1
    assert _stream_of(api, job_id)["state"] == "ended"
    succeeded(api.delete(job_id, in_body=True), 0)
    assert api.output(job_id) == stopped
    assert succeeded(api.get(ONGOING), 0).body["ongoing"] == []
    assert _final(receiver.at("/ok/50")).body == stopped


def test_case_52_who_stops_a_job_closes_the_connection_to_its_source(
    api: JobApi, receiver: Receiver, clips: Clips
) -> None:
    source = Endless(clips.ts.read_bytes(), seconds=6)
    with run_scripted(source.script) as server:
        url, hook = f"http://127.0.0.1:{server.port}/live.ts", "/ok/52"
        job_id = api.submit(url, callback_url=receiver.url(hook), interval=1)
        api.until(job_id, lambda data: len(data["frames"]) >= 2)
        assert source.watching == 1
        succeeded(api.delete(job_id), 0)
        deadline = time.monotonic() + 20
        while source.watching:
            assert time.monotonic() < deadline, api.service.log
            time.sleep(0.05)
        before = server.connections
        receiver.wait(hook, status="stopped")
        assert api.output(job_id)["data"]["status"] == "stopped"
        assert _final(receiver.at(hook)).body == api.output(job_id)
        assert server.connections == before


def test_case_53_parameters_of_a_delete_may_stand_in_its_body(api: JobApi, sources: HttpServer) -> None:
    job_id = api.submit(sources.url("/live/index.m3u8"))
    succeeded(api.delete(job_id, in_body=True), 0)
    assert api.output(job_id)["data"]["status"] == "stopped"


def test_who_ends_the_stream_of_a_job_ends_the_job(api: JobApi, sources: HttpServer) -> None:
    job_id = api.submit(sources.url("/live/index.m3u8"))
    stream = _stream_of(api, job_id)
    assert requests.delete(_v1(api, f"/streams/{stream['id']}"), headers=_bearer(), timeout=20).status_code == 200
    assert api.until_ended(job_id)["data"]["status"] == "stopped"


def test_case_54_a_live_stream_that_ends_by_itself_is_finished(api: JobApi, receiver: Receiver, clips: Clips) -> None:
    with run_http_server(clips) as server:
        job_id = api.submit(server.url("/live/index.m3u8"), callback_url=receiver.url("/ok/54"), interval=1)
        api.until(job_id, lambda data: data["frames"])
        server.end_live()
        receiver.wait("/ok/54", status="finished")
        assert len(_final(receiver.at("/ok/54")).body["data"]["frames"]) >= 3


@pytest.mark.rtmp
def test_case_55_56_an_rtmp_stream_is_watched_until_its_publisher_is_gone_for_good(
    api: JobApi, receiver: Receiver, rtmp: RtmpServer, clips: Clips
) -> None:
    with rtmp.publish(clips.flv, "jobs"):
        job_id = api.submit(rtmp.url("jobs"), callback_url=receiver.url("/ok/56"), interval=0.5)
        api.until(job_id, lambda data: len(data["frames"]) >= 3)
    output = api.until_ended(job_id)
    assert output["data"]["status"] in ("finished", "failure")
    assert len(output["data"]["frames"]) >= 3
    receiver.wait("/ok/56", status=output["data"]["status"])
    assert _final(receiver.at("/ok/56")).body == output


@pytest.mark.rtsp
def test_case_55_an_rtsp_stream_is_watched(api: JobApi, clips: Clips) -> None:
    with run_rtsp_server(clips.mp4) as rtsp:
        job_id = api.submit(rtsp.url(), interval=0.5)
        output = api.until(job_id, lambda data: len(data["frames"]) >= 3)
        assert all(position % 500 == 0 for position in positions(output))
        succeeded(api.delete(job_id), 0)
        assert api.output(job_id)["data"]["status"] == "stopped"


def test_a_call_that_is_made_twice_starts_one_job(api: JobApi, sources: HttpServer, safe: Path) -> None:
    headers, url = {"Idempotency-Key": "order-4711"}, sources.url(safe)
    job_id = api.submit(url, headers=headers)
    assert api.submit(url, headers=headers) == job_id
    other = api.call("GET", WATCH, params=_params(url, interval="1"), headers=headers)
    failed(other, "argument_error", 73, status=409)
    assert api.submit(url, headers={"Idempotency-Key": "order-4712"}) != job_id
    too_long = api.call("GET", WATCH, params=_params(url), headers={"Idempotency-Key": "x" * 256})
    failed(too_long, "argument_error", 53)


def test_callbacks_are_listed_for_their_key(api: JobApi, sources: HttpServer, receiver: Receiver, safe: Path) -> None:
    job_id = api.submit(sources.url(safe), callback_url=receiver.url("/ok/listed"))
    receiver.wait("/ok/listed")
    deadline = time.monotonic() + 20
    while True:
        answer = requests.get(_v1(api, "/callbacks?state=delivered"), headers=_bearer(), timeout=20)
        found = [callback for callback in answer.json()["callbacks"] if callback["media"] == job_id]
        if found:
            break
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert (found[0]["number"], found[0]["attempts"], found[0]["error"]) == (1, 1, None)
    again = requests.post(_v1(api, f"/callbacks/{found[0]['id']}/retry"), headers=_bearer(), timeout=20)
    assert (again.status_code, again.json()["code"]) == (409, "not_failed")
    strange = {"Authorization": f"Bearer {OTHER_USER}:{OTHER_SECRET}"}
    assert requests.get(_v1(api, "/callbacks"), headers=strange, timeout=20).json() == {"callbacks": []}
    unknown = requests.post(_v1(api, f"/callbacks/{found[0]['id']}/retry"), headers=strange, timeout=20)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "callback_unknown")


def _stream_of(api: JobApi, job_id: str) -> dict[str, Any]:
    streams = requests.get(_v1(api, "/streams"), headers=_bearer(), timeout=20).json()["streams"]
    (stream,) = [stream for stream in streams if stream["media"] == job_id]
    assert isinstance(stream, dict)
    return stream


def _v1(api: JobApi, path: str) -> str:
    return f"{api.service.url}/v1{path}"


def _bearer() -> dict[str, str]:
    return {"Authorization": f"Bearer {CREDENTIALS['api_user']}:{CREDENTIALS['api_secret']}"}


def _params(url: str, **more: str) -> dict[str, str]:
    return {"models": "gore", "stream_url": url, **CREDENTIALS, **more}
