"""Large videos are sent to an address that takes one, and then named by their id: conformance case 49."""

import itertools
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.web.api.compat.calling import CREDENTIALS, MEDIA_ID, VIDEO, Answer, Api, failed, succeeded
from tests.web.api.compat.talking import WITHIN_S, talk
from tests.web.serving import serving
from web.api.compat import uploads as web_uploads
from web.store import uploads

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


def _head(url: str, length: int) -> bytes:
    return f"PUT {urlsplit(url).path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n".encode()


def _incoming(api: Api) -> list[str]:
    return [path.name for path in (api.service.data_dir / "media" / "incoming").iterdir()]


def test_an_upload_of_a_byte_a_second_is_ended_and_can_be_tried_again(api: Api, seven: Path) -> None:
    url, media_id = _created(api)
    pieces = itertools.chain([_head(url, 100_000)], itertools.repeat(b"x"))
    status, body = talk(api, pieces, every_s=1.0)
    assert (status, body["error"]["type"], body["error"]["code"]) == (408, "request_error", 82)
    assert media_id not in _incoming(api)
    assert _put(url, seven.read_bytes()).status_code == 200
    succeeded(_checked(api, media_id), 4)


def test_an_upload_that_pauses_for_long_is_ended_however_much_came(api: Api) -> None:
    """At the average that is asked for, so much would be good for half an hour."""
    url, media_id = _created(api)
    status, body = talk(api, iter([_head(url, 400_000_000), bytes(16_000_000)]))
    assert (status, body["error"]["code"]) == (408, 82)
    assert media_id not in _incoming(api)


def test_an_upload_that_breaks_off_leaves_nothing_and_can_be_made_again(api: Api, seven: Path) -> None:
    url, media_id = _created(api)
    port = int(api.service.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=WITHIN_S) as connection:
        connection.sendall(_head(url, 100_000) + bytes(50_000))
        _until(lambda: media_id in _incoming(api))
        # While it comes, nobody else may send to its address.
        assert _put(url, b"x").status_code == 410
    _until(lambda: media_id not in _incoming(api))
    _until(lambda: _put(url, seven.read_bytes()).status_code == 200)
    succeeded(_checked(api, media_id), 4)


@pytest.mark.parametrize("chunked", [True, False])
async def test_a_byte_too_many_is_refused_whether_it_was_announced_or_not(
    monkeypatch: pytest.MonkeyPatch, chunked: bool
) -> None:
    monkeypatch.setattr(web_uploads, "_MOST_BYTES", 1000)

    async def pieces() -> AsyncIterator[bytes]:
        yield bytes(1001)

    async with serving() as served:
        created = await served.get(f"{CREATE}?api_user=a&api_secret=b")
        path = urlsplit(created["upload"]["url"]).path
        async with served.http.put(path, data=pieces() if chunked else bytes(1001)) as response:
            assert (response.status, (await response.json())["error"]["code"]) == (400, 62)
        async with served.http.put(path, data=bytes(1000)) as response:
            assert response.status == 200


async def test_a_file_that_comes_after_its_time_is_refused() -> None:
    """Its address was cleared away while it was sent."""
    async with serving() as served:
        created = await served.get(f"{CREATE}?api_user=a&api_secret=b")
        media_id = created["media"]["id"]

        async def pieces() -> AsyncIterator[bytes]:
            yield b"vid"
            async with served.store.writing() as tx:
                await uploads.remove(tx, media_id)
            yield b"eo"

        async with served.http.put(urlsplit(created["upload"]["url"]).path, data=pieces()) as response:
            assert (response.status, (await response.json())["error"]["code"]) == (410, 74)


def test_wrong_credentials_get_no_address(api: Api) -> None:
    failed(api.get(CREATE, api_secret="wrong"), "argument_error", 1)


@pytest.mark.parametrize("public", ["https://moderation.example.org", "https://moderation.example.org/"])
async def test_addresses_are_those_that_clients_reach(public: str) -> None:
    async with serving(public_url=public) as served:
        body = await served.get(f"{CREATE}?api_user=a&api_secret=b")
        assert body["upload"]["url"].startswith("https://moderation.example.org/1.0/upload/video/")


def _until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
