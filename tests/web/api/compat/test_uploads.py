"""Large videos are sent to an address that takes one, and then named by their id: conformance case 49."""

from pathlib import Path

import pytest
import requests

from tests.web.api.compat.calling import CREDENTIALS, MEDIA_ID, VIDEO, Answer, Api, failed, succeeded
from tests.web.serving import serving

CREATE = "/1.0/upload/create-video.json"


def _put(url: str, data: bytes, **headers: str) -> requests.Response:
    return requests.put(url, data=data, headers=headers, timeout=30)


def _created(api: Api) -> tuple[str, str]:
    """Address and media id."""
    answer = succeeded(api.get(CREATE), 0)
    upload, media = answer.body["upload"], answer.body["media"]
    assert isinstance(upload["expires"], int)
    assert upload["expires"] > answer.body["request"]["timestamp"]
    assert MEDIA_ID.fullmatch(media["id"])
    assert upload["url"].startswith(f"{api.service.url}/1.0/upload/")
    return str(upload["url"]), str(media["id"])


def _checked(api: Api, media_id: str, path: str = VIDEO) -> Answer:
    return api.call("POST", path, data={"models": "gore", "media_id": media_id, **CREDENTIALS})


def test_case_49_a_video_that_was_sent_before_is_checked_by_its_id(api: Api, seven: Path) -> None:
    url, media_id = _created(api)
    failed(_checked(api, media_id), "argument_error", 71, status=404)
    assert _put(url, seven.read_bytes(), **{"Content-Type": "video/anything"}).status_code == 200
    answer = succeeded(_checked(api, media_id), 4)
    assert answer.body["media"]["id"] != media_id
    assert [frame["info"]["position"] for frame in answer.body["data"]["frames"]] == [0, 2000, 4000, 6000]
    second = _put(url, seven.read_bytes())
    assert (second.status_code, second.json()["error"]["code"]) == (410, 74)
    job = succeeded(_checked(api, media_id, "/1.0/video/check.json"), 0)
    assert job.body["media"]["id"] != media_id


def test_an_address_that_was_made_up_takes_nothing(api: Api) -> None:
    answer = _put(f"{api.service.url}/1.0/upload/video/made-up", b"x")
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, 74)


def test_an_upload_that_is_empty_or_too_large_can_be_tried_again(api: Api, seven: Path) -> None:
    url, media_id = _created(api)
    empty = _put(url, b"")
    assert (empty.status_code, empty.json()["error"]["code"]) == (400, 63)
    with requests.Session() as session:
        lying = requests.Request("PUT", url, headers={"Content-Length": "500000001"}).prepare()
        lying.headers["Content-Length"] = "500000001"
        answer = session.send(lying, timeout=30)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, 62)
    assert _put(url, seven.read_bytes()).status_code == 200
    succeeded(_checked(api, media_id), 4)


def test_wrong_credentials_get_no_address(api: Api) -> None:
    failed(api.get(CREATE, api_secret="wrong"), "argument_error", 1)


@pytest.mark.parametrize("public", ["https://moderation.example.org", "https://moderation.example.org/"])
async def test_addresses_are_those_that_clients_reach(public: str) -> None:
    async with serving(public_url=public) as served:
        body = await served.get(f"{CREATE}?api_user=a&api_secret=b")
        assert body["upload"]["url"].startswith("https://moderation.example.org/1.0/upload/video/")
