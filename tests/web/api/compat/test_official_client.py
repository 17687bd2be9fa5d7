"""The official Python client from PyPI, unmodified, with its base changed as `docs/api.md` says."""

from pathlib import Path
from typing import Any

import pytest
from sightengine.client import SightengineClient

from tests.media import Clips
from tests.servers.http import HttpServer
from tests.web.api.compat.calling import SECRET, USER, Api

pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"
)  # it never closes the files that it sends


def _check(api: Api, *models: str, secret: str = SECRET) -> Any:
    check = SightengineClient(USER, secret).check(*models)
    check.endpoint = f"{api.service.url}/1.0/"
    return check


def test_set_url(api: Api, web_server: HttpServer, clips: Clips) -> None:
    output = _check(api, "gore").set_url(web_server.url(clips.jpeg))
    assert output["status"] == "success"
    assert 0.0 <= output["gore"]["prob"] <= 1.0


def test_set_file(api: Api, clips: Clips) -> None:
    output = _check(api, "gore", "gore-2.0").set_file(str(clips.jpeg))
    assert output["media"]["uri"] == clips.jpeg.name
    assert len(output["gore"]["classes"]) == 10


def test_set_bytes(api: Api, clips: Clips) -> None:
    output = _check(api, "gore-2.0").set_bytes(clips.jpeg.read_bytes())
    assert (output["status"], output["media"]["uri"]) == ("success", "media")


def test_video_sync(api: Api, web_server: HttpServer, seven: Path) -> None:
    output = _check(api, "gore").video_sync(web_server.url(seven))
    assert [frame["info"]["position"] for frame in output["data"]["frames"]] == [0, 2000, 4000, 6000]


def test_failures_are_answers_too(api: Api) -> None:
    assert _check(api, "gore", secret="wrong").set_url("http://x.example/")["error"]["code"] == 1
    assert _check(api, "nudity").set_bytes(b"x")["error"]["type"] == "argument_error"
    assert _check(api, "gore").set_bytes(b"x")["error"]["type"] == "media_error"
    assert _check(api, "gore").video_sync("ftp://x.example/")["status"] == "failure"


def test_video_starts_a_job(api: Api, web_server: HttpServer, seven: Path) -> None:
    output = _check(api, "gore").video(web_server.url(seven), web_server.url("/hook"))
    assert (output["status"], output["callback"]) == ("success", web_server.url("/hook"))


def test_feedback(api: Api, web_server: HttpServer, clips: Clips) -> None:
    client = SightengineClient(USER, SECRET)
    client.endpoint = f"{api.service.url}/"
    assert client.feedback("gore", "safe", web_server.url(clips.jpeg))["status"] == "success"
    assert client.feedback("gore-2.0", "gore", str(clips.jpeg))["status"] == "success"
    assert client.feedback("model9999", "raw9999", str(clips.jpeg))["error"]["type"] == "argument_error"
