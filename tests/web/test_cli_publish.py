"""`gorewatch publish` to a real service."""

import json
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import StartService
from tests.media import Clips
from tests.servers.http import HttpServer
from tests.servers.service import Service, running_service
from tests.web.command import COMMAND, assert_one_line, environment, gorewatch


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("service"), "--workers", "1") as started:
        yield started


def _stream(service: Service, name: str) -> dict[str, Any]:
    answer = service.request("GET", "/v1/streams")[1]
    (stream,) = [stream for stream in answer["streams"] if stream["name"] == name]
    assert isinstance(stream, dict)
    return stream


@pytest.mark.parametrize(
    ("clip", "codec"),
    [("ts", "h264"), ("webm", "vp8"), ("flv", "h264")],
    ids=["h264-as-it-is", "vp8-as-it-is", "encoded-anew"],
)
def test_a_file_is_published_to_its_end(service: Service, clips: Clips, clip: str, codec: str) -> None:
    done = gorewatch("publish", getattr(clips, clip), f"{service.url}/whip/{clip}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    stream = _stream(service, clip)
    assert stream["state"] == "ended"
    assert stream["codec"] == codec
    assert stream["samples"] >= (5 if clip == "webm" else 8)
    summary = service.request("GET", f"/v1/streams/{stream['id']}/summary")[1]
    assert list(summary) == ["status", "request", "gore", "media"]
    assert summary["status"] == "success"


def test_ctrl_c_takes_the_session_down(service: Service, clips: Clips) -> None:
    process = subprocess.Popen(
        [*COMMAND, "publish", str(clips.ts), f"{service.url}/whip/early"], stderr=subprocess.PIPE, env=environment()
    )
    service.wait_for(
        "/v1/streams", lambda answer: any(one["name"] == "early" and one["samples"] for one in answer["streams"])
    )
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (130, b"")
    assert _stream(service, "early")["state"] == "ended"


def test_a_second_publisher_on_a_name_is_refused_and_the_first_goes_on(service: Service, clips: Clips) -> None:
    first = subprocess.Popen(
        [*COMMAND, "publish", str(clips.ts), f"{service.url}/whip/twice"], stderr=subprocess.PIPE, env=environment()
    )
    service.wait_for("/v1/streams", lambda answer: any(one["name"] == "twice" for one in answer["streams"]))
    refused = assert_one_line(gorewatch("publish", clips.ts, f"{service.url}/whip/twice"))
    assert "(409)" in refused
    _, errors = first.communicate(timeout=60)
    assert (first.returncode, errors) == (0, b"")
    assert _stream(service, "twice")["state"] == "ended"


def test_a_stream_that_the_service_ends_is_one_line(service: Service, clips: Clips) -> None:
    process = subprocess.Popen(
        [*COMMAND, "publish", str(clips.long), f"{service.url}/whip/ended"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    service.wait_for(
        "/v1/streams", lambda answer: any(one["name"] == "ended" and one["samples"] for one in answer["streams"])
    )
    assert service.request("DELETE", f"/v1/streams/{_stream(service, 'ended')['id']}")[0] == 200
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert errors.splitlines() == ["gorewatch: The connection ended before the file did; the service's log says why."]


def test_a_publisher_whose_key_is_revoked_is_ended(start_service: StartService, clips: Clips) -> None:
    service = start_service("--workers", "1")
    service.make_key("admin")
    data = {"GOREWATCH_DATA_DIR": str(service.data_dir)}
    key = json.loads(gorewatch("keys", "create", "--scope", "publish", "--json", env=data).stdout)
    process = subprocess.Popen(
        [*COMMAND, "publish", str(clips.long), f"{service.url}/whip/gone"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment({"GOREWATCH_TOKEN": f"{key['api_user']}:{key['api_secret']}"}),
    )
    service.wait_for(
        "/v1/streams", lambda answer: any(one["name"] == "gone" and one["samples"] for one in answer["streams"])
    )
    assert gorewatch("keys", "revoke", key["api_user"], env=data).returncode == 0
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert errors.startswith("gorewatch: The connection ended before the file did")
    stream = _stream(service, "gone")
    assert stream["state"] == "ended"
    assert service.request("GET", f"/v1/streams/{stream['id']}/summary")[1]["status"] == "success"
    assert f"gone is ended: its key {key['api_user']} is revoked" in service.log


def test_what_cannot_be_published_is_one_line(service: Service, clips: Clips, http_server: HttpServer) -> None:
    assert "no video track" in assert_one_line(gorewatch("publish", clips.sound, f"{service.url}/whip/x"))
    assert "give a video file" in assert_one_line(gorewatch("publish", clips.empty, f"{service.url}/whip/x"))
    assert "cannot be reached" in assert_one_line(gorewatch("publish", clips.ts, "http://127.0.0.1:9/whip/x"))
    assert "(405)" in assert_one_line(gorewatch("publish", clips.ts, http_server.url("/status/200")))
    assert "(404)" in assert_one_line(gorewatch("publish", clips.ts, f"{service.url}/nowhere"))
