"""Bodies that are too much, too slow, cut off or nonsense: each a clear failure, and the service goes on."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.web.api.compat.calling import CREDENTIALS, IMAGE, VIDEO, Api, failed, jpeg, succeeded
from tests.web.api.compat.talking import WITHIN_S, talk
from tests.web.api.compat.watching import WATCH

_TYPE = "multipart/form-data; boundary=b"
_QUERY = "&".join(f"{name}={value}" for name, value in {"models": "gore", **CREDENTIALS}.items())
_PART = b'--b\r\nContent-Disposition: form-data; name="media"; filename="a.jpg"\r\n\r\n'


def _head(*headers: str) -> bytes:
    lines = [f"POST {IMAGE}?{_QUERY} HTTP/1.1", "Host: localhost", f"Content-Type: {_TYPE}", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _refused(answer: tuple[int, dict[str, Any]], status: int) -> None:
    got, body = answer
    assert (got, body["status"], body["error"]["type"], body["error"]["code"]) == (
        status,
        "failure",
        "request_error",
        82,
    )


@pytest.fixture(autouse=True)
def _still_answers(api: Api) -> Iterator[None]:
    yield
    succeeded(api.send(jpeg()), 1)


def test_chunked_without_end(api: Api) -> None:
    def pieces() -> Iterator[bytes]:
        yield _head("Transfer-Encoding: chunked") + _chunk(_PART)
        while True:
            yield _chunk(bytes(1 << 20))

    _refused(talk(api, pieces()), 413)


def test_a_preamble_without_end(api: Api) -> None:
    def pieces() -> Iterator[bytes]:
        yield _head("Transfer-Encoding: chunked")
        while True:
            yield _chunk(b"x\r\n" * 100_000)

    status, body = talk(api, pieces())
    assert status in (400, 413)
    assert body["error"]["code"] == 82


def test_a_gigabyte_by_its_own_word(api: Api) -> None:
    _refused(talk(api, iter([_head("Content-Length: 1000000000") + _PART])), 413)


def test_less_than_was_announced(api: Api) -> None:
    _refused(talk(api, iter([_head("Content-Length: 100000") + _PART + jpeg()])), 408)


def test_a_pause_is_not_bought_by_what_came_before_it(api: Api) -> None:
    """At the average that is asked for, so much would be good for half an hour."""
    _refused(talk(api, iter([_head("Content-Length: 20000000") + _PART, bytes(16_000_000)])), 408)


def test_a_byte_a_second(api: Api) -> None:
    def pieces() -> Iterator[bytes]:
        yield _head("Content-Length: 100000")
        for at in range(len(_PART)):
            yield _PART[at : at + 1]

    _refused(talk(api, pieces(), every_s=1.0), 408)


def test_cut_off_before_its_last_boundary(api: Api) -> None:
    body = _PART + jpeg()
    _refused(talk(api, iter([_head(f"Content-Length: {len(body)}") + body])), 400)


def test_hung_up_in_the_middle(api: Api) -> None:
    port = int(api.service.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=WITHIN_S) as connection:
        connection.sendall(_head("Content-Length: 100000") + _PART + jpeg())


def test_ten_thousand_parts(api: Api) -> None:
    files = [(f"field{number}", (None, "x")) for number in range(10_000)]
    failed(api.call("POST", IMAGE, files=files, data=CREDENTIALS), "request_error", 82, status=400)


def test_a_field_as_long_as_a_film(api: Api) -> None:
    failed(api.call("POST", IMAGE, files={"models": (None, "x" * 100_000)}), "request_error", 82, status=400)


def test_more_urlencoded_text_than_there_can_be(api: Api) -> None:
    failed(api.call("POST", IMAGE, data={"url": "x" * 100_000}), "request_error", 82, status=413)
    failed(api.call("POST", IMAGE, data={f"f{n}": "x" for n in range(1000)}), "request_error", 82, status=400)


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=", _TYPE])
def test_what_is_not_encoded_as_it_says(api: Api, kind: str) -> None:
    answer = api.call("POST", f"{IMAGE}?{_QUERY}", data=b"no boundary in here", headers={"Content-Type": kind})
    failed(answer, "request_error", 82, status=400)


def test_a_body_of_another_kind_means_nothing(api: Api) -> None:
    answer = api.call("POST", f"{IMAGE}?{_QUERY}", json={"url": "http://x.example/"})
    failed(answer, "argument_error", 4)


@pytest.mark.parametrize("path", [IMAGE, "/" + VIDEO, "/v1/streams"])
@pytest.mark.parametrize("more", [b"&url=http://x.example/\xc3\xa4.jpg", b"&url=" + b"a" * 40_000])
def test_what_does_not_parse_is_answered_in_json_and_quoted_nowhere(api: Api, path: str, more: bytes) -> None:
    """As PHP sends an address that nobody percent-encoded."""
    secret = f"not-to-be-seen-{len(more)}"
    line = f"GET {path}?models=gore&api_user=a&api_secret={secret}".encode() + more
    status, body = talk(api, iter([line + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"]))
    assert status == 400
    assert body["status"] == (400 if path.startswith("/v1") else "failure")
    assert secret not in json.dumps(body)
    assert secret not in api.service.log


def test_headers_of_bytes_that_stand_for_no_text(api: Api) -> None:
    for kind in (b"multipart/form-data; boundary=\xff", b"\xff;;;="):
        head = _head("Content-Length: 3").replace(_TYPE.encode(), kind)
        status, body = talk(api, iter([head + b"abc"]))
        assert (status, body["status"]) == (400, "failure")
    head = f"GET {WATCH}?{_QUERY}&stream_url=http://x.example/ HTTP/1.1\r\nHost: x\r\nIdempotency-Key: ".encode()
    status, body = talk(api, iter([head + b"\xff\r\n\r\n"]))
    assert (status, body["error"]["code"]) == (400, 53)


@pytest.mark.parametrize("host", [b":::", b"[", b"a b", b"a/b", b"user:password@host", b"", b"\xff", b"x<y>"])
def test_a_host_that_is_none_is_in_no_address(api: Api, host: bytes) -> None:
    head = f"GET /1.0/upload/create-video.json?{_QUERY} HTTP/1.1\r\nHost: ".encode()
    _refused(talk(api, iter([head + host + b"\r\n\r\n"])), 400)


def test_odd_names_of_files_are_echoed_and_nothing_else(api: Api) -> None:
    for name in ("../../etc/passwd", "ä €.jpg", "a" * 300):
        assert succeeded(api.send(jpeg(), name), 1).body["media"]["uri"] == name[:255]


def test_a_full_upload_costs_little_memory(api: Api) -> None:
    succeeded(api.send(jpeg()), 1)
    before = _peak_bytes(api)
    succeeded(api.send(jpeg() + bytes(12_000_000)), 1)
    assert _peak_bytes(api) - before < 3 * 12_000_000


def _peak_bytes(api: Api) -> int:
    status = Path(f"/proc/{api.service.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
