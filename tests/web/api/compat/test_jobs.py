"""Jobs of `/1.0` against a running service, real sources and a real receiver: conformance cases by their numbers."""

import hashlib
import hmac
import time
from pathlib import Path

import pytest
import requests

from tests.media import Clips
from tests.servers.http import HttpServer
from tests.servers.receiver import Receiver
from tests.web.api.compat.calling import CREDENTIALS, MEDIA_ID, VIDEO, failed, succeeded
from tests.web.api.compat.watching import (
    BRIGHT,
    OTHER_SECRET,
    OTHER_USER,
    SIGNING_SECRET,
    WATCH,
    JobApi,
    bearer,
    final,
    positions,
    v1,
)


@pytest.fixture(scope="module")
def safe(clips: Clips) -> Path:
    """Three seconds that are all dark."""
    return clips.video("safe.mp4", width=128, height=72, seconds=3)


@pytest.fixture(scope="module")
def long(clips: Clips) -> Path:
    """A clip of 90 s."""
    return clips.video("long.mp4", width=64, height=36, seconds=90)


def test_case_35_submitting_answers_at_once(
    job_api: JobApi, sources: HttpServer, receiver: Receiver, safe: Path
) -> None:
    url, hook = sources.url(f"/slow/{safe.name}?rate=20000"), receiver.url("/ok/35")
    answer = succeeded(job_api.get(WATCH, stream_url=url, callback_url=hook), 0)
    assert set(answer.body) == {"status", "request", "media", "callback"}
    assert MEDIA_ID.fullmatch(answer.body["media"]["id"])
    assert (answer.body["media"]["uri"], answer.body["callback"]) == (url, hook)
    succeeded(job_api.delete(answer.body["media"]["id"]), 0)


def test_case_36_38_the_last_callback_has_all_frames_and_polling_the_same(
    job_api: JobApi, sources: HttpServer, receiver: Receiver, clips: Clips
) -> None:
    url = sources.url(clips.mp4)
    answer = succeeded(job_api.get(WATCH, stream_url=url, callback_url=receiver.url("/ok/36"), interval=1), 0)
    job_id = answer.body["media"]["id"]
    receiver.wait("/ok/36", status="finished")
    body = final(receiver.at("/ok/36")).body
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
    assert job_api.output(job_id) == body
    checked = succeeded(job_api.get(VIDEO, stream_url=url, interval=1), 6).body["data"]["frames"]
    assert [(frame["info"]["position"], frame["gore"]) for frame in checked] == [
        (frame["info"]["position"], frame["gore"]) for frame in data["frames"]
    ]


def test_case_37_a_safe_video_has_one_callback_and_another_one_for_its_scene(
    job_api: JobApi, sources: HttpServer, receiver: Receiver, safe: Path, clips: Clips
) -> None:
    job_api.submit(sources.url(safe), callback_url=receiver.url("/ok/37-safe"))
    job_api.submit(sources.url(clips.mp4), callback_url=receiver.url("/ok/37-scene"), interval=0.5)
    receiver.wait("/ok/37-safe", status="finished")
    assert len(receiver.at("/ok/37-safe")) == 1
    receiver.wait("/ok/37-scene", status="finished")
    scene, last = receiver.at("/ok/37-scene")
    assert (scene.status, positions(scene.body)) == ("ongoing", [3000])
    assert last.status == "finished"
    assert len(positions(last.body)) == 12


def test_case_38_a_job_that_runs_says_how_far_it_is(job_api: JobApi, sources: HttpServer, long: Path) -> None:
    job_id = job_api.submit(sources.url(f"/stall/{long.name}"))
    data = job_api.output(job_id)["data"]
    assert data["status"] == "ongoing"
    assert data["progress"] is None or 0.0 <= data["progress"] <= 1.0
    succeeded(job_api.delete(job_id), 0)


def test_case_39_a_file_is_watched_without_a_callback(job_api: JobApi, clips: Clips) -> None:
    answer = succeeded(job_api.send(clips.ts.read_bytes(), "funfair.ts", WATCH, models="gore-2.0", interval=2), 0)
    assert set(answer.body) == {"status", "request", "media"}
    assert answer.body["media"]["uri"] == "funfair.ts"
    output = job_api.until_ended(answer.body["media"]["id"])
    assert output["data"]["status"] == "finished"
    assert positions(output) == [0, 2000, 4000]
    assert {"prob", "classes", "type"} == set(output["data"]["frames"][0]["gore"])


def test_case_40_41_a_long_video_is_read_to_its_end_or_to_the_longest_duration(
    job_api: JobApi, sources: HttpServer, receiver: Receiver, long: Path
) -> None:
    whole = job_api.submit(sources.url(long))
    short = job_api.submit(sources.url(long), max_duration=10, callback_url=receiver.url("/ok/41"))
    data = job_api.until_ended(whole)["data"]
    assert (data["status"], data["operations"], len(data["frames"])) == ("finished", 45, 45)
    stopped = job_api.until_ended(short)
    assert stopped["data"]["status"] == "stopped"
    assert positions(stopped) == [0, 2000, 4000, 6000, 8000]
    receiver.wait("/ok/41", status="stopped")
    assert final(receiver.at("/ok/41")).body == stopped


@pytest.mark.parametrize("value", ["4000", "0", "-1", "soon", "nan"])
def test_case_41_a_duration_out_of_range_is_refused(job_api: JobApi, value: str) -> None:
    failed(job_api.get(WATCH, stream_url="http://x.example/", max_duration=value), "argument_error", 53)


@pytest.mark.parametrize(
    ("path", "code"), [("/status/404", 61), ("/clips/page.html", 63), ("/redirect?to=http://127.0.0.1:1/", 61)]
)
def test_case_42_what_cannot_be_read_ends_as_a_failure(
    job_api: JobApi, sources: HttpServer, receiver: Receiver, clips: Clips, path: str, code: int
) -> None:
    assert clips.html.exists()
    hook = f"/ok/42{path.partition('?')[0]}"
    job_id = job_api.submit(sources.url(path), callback_url=receiver.url(hook))
    (got,) = receiver.wait(hook, status="failure")
    error = got.body["data"]["error"]
    assert (error["type"], error["code"], got.body["data"]["frames"]) == ("media_error", code, [])
    assert job_api.output(job_id) == got.body


@pytest.mark.parametrize("address", ["ftp://x", "not an address", "file:///etc/passwd", "http://"])
def test_case_43_a_callback_goes_to_the_web_alone(job_api: JobApi, address: str) -> None:
    failed(job_api.get(WATCH, stream_url="http://x.example/", callback_url=address), "callback_error", 55)


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
def test_what_can_be_told_at_once_is(job_api: JobApi, params: dict[str, object], kind: str, code: int) -> None:
    failed(job_api.get(WATCH, **{"stream_url": "http://x.example/", **params}), kind, code)


def test_a_file_that_holds_a_playlist_leads_nowhere(job_api: JobApi, sources: HttpServer) -> None:
    before = len(sources.requests)
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{sources.url('/secret.ts')}\n#EXT-X-ENDLIST\n"
    answer = succeeded(job_api.send(playlist.encode(), "a.m3u8", WATCH), 0)
    assert job_api.until_ended(answer.body["media"]["id"])["data"]["error"]["code"] == 63
    assert len(sources.requests) == before


def test_case_44_a_job_ends_whatever_its_receiver_does(
    job_api: JobApi, sources: HttpServer, receiver: Receiver, safe: Path
) -> None:
    hung = job_api.submit(sources.url(safe), callback_url=receiver.url("/hang/44"))
    redirected = job_api.submit(sources.url(safe), callback_url=receiver.url("/redirect/44"))
    assert job_api.until_ended(hung)["data"]["status"] == "finished"
    assert job_api.until_ended(redirected)["data"]["status"] == "finished"
    receiver.wait("/hang/44")
    receiver.wait("/redirect/44")
    assert receiver.at("/ok/redirected") == []


def test_case_45_callbacks_are_signed(job_api: JobApi, sources: HttpServer, receiver: Receiver, safe: Path) -> None:
    job_api.submit(sources.url(safe), callback_url=receiver.url("/ok/45"))
    (got,) = receiver.wait("/ok/45")
    assert got.headers["Content-Type"] == "application/json"
    parts = dict(part.split("=", 1) for part in got.headers["Sightengine-Signature"].split(","))
    message = parts["t"].encode() + b"." + got.raw
    assert parts["v1"] == hmac.new(SIGNING_SECRET.encode(), message, hashlib.sha256).hexdigest()
    assert abs(int(parts["t"]) - time.time()) < 60


def test_case_46_a_job_of_another_key_is_as_unknown_as_one_that_never_was(
    job_api: JobApi, sources: HttpServer, safe: Path
) -> None:
    job_id = job_api.submit(sources.url(safe))
    never = failed(job_api.polled("med_000000000000000000000"), "argument_error", 71, status=404)
    other = {"api_user": OTHER_USER, "api_secret": OTHER_SECRET}
    for method in ("GET", "DELETE"):
        answer = job_api.call(method, "/1.0/video/byid.json", params={"id": job_id, **other})
        assert failed(answer, "argument_error", 71, status=404).body["error"] == never.body["error"]
    assert job_api.until_ended(job_id)["data"]["status"] == "finished"


def test_a_call_that_is_made_twice_starts_one_job(job_api: JobApi, sources: HttpServer, safe: Path) -> None:
    headers, url = {"Idempotency-Key": "order-4711"}, sources.url(safe)
    job_id = job_api.submit(url, headers=headers)
    assert job_api.submit(url, headers=headers) == job_id
    other = job_api.call("GET", WATCH, params=_params(url, interval="1"), headers=headers)
    failed(other, "argument_error", 73, status=409)
    assert job_api.submit(url, headers={"Idempotency-Key": "order-4712"}) != job_id
    too_long = job_api.call("GET", WATCH, params=_params(url), headers={"Idempotency-Key": "x" * 256})
    failed(too_long, "argument_error", 53)


def test_callbacks_are_listed_for_their_key(
    job_api: JobApi, sources: HttpServer, receiver: Receiver, safe: Path
) -> None:
    job_id = job_api.submit(sources.url(safe), callback_url=receiver.url("/ok/listed"))
    receiver.wait("/ok/listed")
    deadline = time.monotonic() + 20
    while True:
        answer = requests.get(v1(job_api, "/callbacks?state=delivered"), headers=bearer(), timeout=20)
        found = [callback for callback in answer.json()["callbacks"] if callback["media"] == job_id]
        if found:
            break
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert (found[0]["number"], found[0]["attempts"], found[0]["error"]) == (1, 1, None)
    again = requests.post(v1(job_api, f"/callbacks/{found[0]['id']}/retry"), headers=bearer(), timeout=20)
    assert (again.status_code, again.json()["code"]) == (409, "not_failed")
    strange = {"Authorization": f"Bearer {OTHER_USER}:{OTHER_SECRET}"}
    assert requests.get(v1(job_api, "/callbacks"), headers=strange, timeout=20).json() == {"callbacks": []}
    unknown = requests.post(v1(job_api, f"/callbacks/{found[0]['id']}/retry"), headers=strange, timeout=20)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "callback_unknown")


def _params(url: str, **more: str) -> dict[str, str]:
    return {"models": "gore", "stream_url": url, **CREDENTIALS, **more}
