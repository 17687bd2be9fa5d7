"""The main job on real input: a source goes in, events come out while it runs, and a summary when it ends."""

import json
import socket
import struct
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.conftest import StartService
from tests.media import Clips
from tests.servers.http import HttpServer
from tests.servers.rtmp import RtmpServer
from tests.servers.rtsp import RtspServer
from tests.servers.service import Service
from tests.servers.tcp import TcpServer
from tests.web.described_feed import check_event

_SUMMARY = {"status": None, "request": {"id", "timestamp", "operations"}, "gore": {"prob"}, "media": {"id", "uri"}}


def _add(service: Service, url: str, **more: object) -> str:
    status, stream = service.request("POST", "/v1/streams", {"url": url, **more})
    assert status == 201, stream
    return str(stream["id"])


def _events(service: Service, stream: str, until: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """The stream's events from its first on, up to the one that meets the condition."""
    address = f"ws://{urlsplit(service.url).netloc}/v1/events?stream={stream}&since=0"
    got = []
    with connect(address, subprotocols=[Subprotocol("cloudevents.json")], open_timeout=10) as feed:
        while True:
            event = json.loads(feed.recv(timeout=30))
            check_event(event)
            if event["type"] != "gap":
                got.append(event)
                if until(event):
                    return got


def _assert_is_the_apis_summary(summary: dict[str, Any]) -> None:
    assert list(summary) == list(_SUMMARY)
    assert summary["status"] == "success"
    for key, keys in _SUMMARY.items():
        assert keys is None or set(summary[key]) == keys


def _watch_and_end(service: Service, stream: str, *, seconds: float = 3.0) -> dict[str, Any]:
    """Events while it runs, up to a position; then its end by DELETE. Returns the summary."""
    path = f"/v1/streams/{stream}"
    events = _events(service, stream, lambda event: event["data"].get("position", 0.0) >= seconds)
    assert events[0]["type"] == "media.started"
    assert all(0.0 <= event["data"]["gore"]["prob"] <= 1.0 for event in events[1:])
    assert all(event["data"]["latency"] < 5.0 for event in events[1:])
    assert service.request("GET", path)[1]["state"] == "live"
    status, summary = service.request("DELETE", path)
    assert status == 200
    _assert_is_the_apis_summary(summary)
    (finished,) = [
        event
        for event in _events(service, stream, lambda event: event["type"] == "media.finished")
        if event["type"] == "media.finished"
    ]
    assert finished["data"]["summary"] == summary
    assert service.request("GET", f"{path}/summary")[1] == summary
    return dict(summary)


@pytest.mark.rtmp
def test_an_rtmp_push_is_watched_while_it_runs(service: Service, clips: Clips, rtmp_server: RtmpServer) -> None:
    with rtmp_server.publish(clips.mp4, "cam"):
        stream = _add(service, rtmp_server.url("cam"), name="cam")
        summary = _watch_and_end(service, stream)
    assert summary["request"]["operations"] >= 6
    assert summary["media"]["uri"] == rtmp_server.url("cam")


@pytest.mark.rtmp
def test_an_rtmp_publisher_that_stops_ends_or_fails_its_media(
    start_service: StartService, clips: Clips, rtmp_server: RtmpServer
) -> None:
    service = start_service("--workers", "1", GOREWATCH_POLICY__RECONNECT_FOR="0")
    with rtmp_server.publish(clips.flv, "cam"):
        stream = _add(service, rtmp_server.url("cam"))
        _events(service, stream, lambda event: event["type"] == "gore.prob")
    last = _events(service, stream, lambda event: event["type"] in ("media.finished", "media.failed"))[-1]
    assert service.request("GET", f"/v1/streams/{stream}")[1]["state"] in ("ended", "failed")
    if last["type"] == "media.finished":
        _assert_is_the_apis_summary(last["data"]["summary"])
    _assert_is_the_apis_summary(service.request("GET", f"/v1/streams/{stream}/summary")[1])


@pytest.mark.rtsp
def test_an_rtsp_camera_is_watched_and_its_password_never_shown(service: Service, rtsp_server: RtspServer) -> None:
    stream = _add(service, rtsp_server.url("/guarded", credentials="viewer:secret"))
    summary = _watch_and_end(service, stream)
    assert "secret" not in json.dumps(summary)
    assert "secret" not in service.log
    assert "secret" not in json.dumps(service.request("GET", "/v1/streams")[1])


def test_a_live_hls_playlist_is_watched(service: Service, http_server: HttpServer) -> None:
    stream = _add(service, http_server.url("/live/index.m3u8"))
    _watch_and_end(service, stream, seconds=5.0)


def test_a_stored_video_over_http_ends_with_its_summary(
    service: Service, clips: Clips, http_server: HttpServer
) -> None:
    stream = _add(service, http_server.url(clips.webm))
    events = _events(service, stream, lambda event: event["type"] == "media.finished")
    assert [event["type"] for event in events].count("media.started") == 1
    _assert_is_the_apis_summary(events[-1]["data"]["summary"])
    assert events[-1]["data"]["summary"]["request"]["operations"] == 8


def test_bad_sources_fail_with_a_code_and_disturb_nobody(
    service: Service, clips: Clips, http_server: HttpServer, tcp_silent: TcpServer
) -> None:
    good = _add(service, http_server.url("/live/index.m3u8"), name="good")
    policy = {"reconnect_for": 0.0}
    expected = {
        "http://127.0.0.1:9/x.mp4": "connection_refused",
        "http://no-such-host.invalid/x.mp4": "host_unknown",
        http_server.url("/status/404"): "not_found",
        http_server.url("/status/403"): "access_denied",
        http_server.url("/status/500"): "server_error",
        http_server.url(clips.html): "not_media",
        http_server.url(clips.sound): "no_video",
        str(clips.empty): "not_media",
        "/nowhere.mp4": "not_found",
        http_server.url("/silent"): "timeout",
        tcp_silent.url("rtsp"): "timeout",
        tcp_silent.url("rtmp"): "timeout",
    }
    streams = {url: _add(service, url, policy=policy) for url in expected}
    for url, code in expected.items():
        stream = service.wait_for(
            f"/v1/streams/{streams[url]}", lambda answer: answer["state"] == "failed", timeout_s=60.0
        )
        assert (url, stream["error"]["code"]) == (url, code)
        assert "\n" not in stream["error"]["message"]
        summary = service.request("GET", f"/v1/streams/{streams[url]}/summary")[1]
        assert list(summary) == ["status", "request", "error", "media"]
    assert service.request("GET", f"/v1/streams/{good}")[1]["state"] == "live"
    assert "Traceback" not in service.log


@pytest.mark.parametrize("url", ["", "gopher://host/x", "http://", "http://[::1", "javascript:alert(1)"])
def test_an_address_that_cannot_be_is_refused_at_once(service: Service, url: str) -> None:
    status, problem = service.request("POST", "/v1/streams", {"url": url})
    assert status == 422
    assert problem["status"] == 422
    assert service.request("GET", "/v1/streams")[1]["streams"] == []


def test_a_subscriber_that_vanishes_disturbs_nobody(service: Service, http_server: HttpServer) -> None:
    stream = _add(service, http_server.url("/live/index.m3u8"))
    address = f"ws://{urlsplit(service.url).netloc}/v1/events"
    with connect(address, subprotocols=[Subprotocol("cloudevents.json")]) as gone:
        gone.recv(timeout=30)
        # Without a closing frame, and with a reset: as a client that was killed.
        gone.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        gone.socket.shutdown(socket.SHUT_RDWR)
    _watch_and_end(service, stream)
    assert "Traceback" not in service.log


def test_an_offer_that_is_no_sdp_is_refused(service: Service) -> None:
    assert service.request("POST", "/whip/cam", {"not": "sdp"})[0] == 415
    assert service.request("GET", "/v1/streams")[1]["streams"] == []
