"""What a small body says of where it is to go."""

import pytest

from web.cluster.parameters import of_form, of_json

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"


def part(name: str, value: str, more: str = "") -> str:
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'


def test_of_an_object_its_texts() -> None:
    assert of_json(b'{"name": "cam", "policy": {"name": "other"}, "url": 1}') == {"name": "cam"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"name"', b"\xff", b"[" * 100_000])
def test_what_is_no_object_says_nothing(body: bytes) -> None:
    assert of_json(body) == {}


def test_a_form_is_in_query_and_body_and_the_body_counts() -> None:
    query = {"id": "query", "models": "gore"}
    assert of_form(query, "", b"id=body") == query
    assert of_form(query, URLENCODED, b"id=body&id=second&media_id=%61") == query | {"id": "body", "media_id": "a"}


@pytest.mark.parametrize("content_type", [MULTIPART, 'Multipart/Form-Data; Boundary="x"; charset=utf-8'])
@pytest.mark.parametrize("head", ["Content-Disposition: form-data; name=a", 'X: y\r\ncontent-disposition: x;name="a"'])
def test_a_form_may_be_written_in_many_ways(content_type: str, head: str) -> None:
    body = f"before\r\n--x\r\n{head}\r\n\r\nfirst\r\nsecond\r\n--x--\r\nafter"
    assert of_form({}, content_type, body.encode()) == {"a": "first\r\nsecond"}


def test_files_of_a_form_are_passed_over() -> None:
    body = (
        part("", "nameless")
        + part("media", "\x00bytes", '; filename="a.mp4"')
        + part("media_id", "med_1")
        + part("media_id", "med_2")
    )
    assert of_form({}, MULTIPART, f"{body}--x--\r\n".encode()) == {"": "nameless", "media_id": "med_1"}


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (URLENCODED, b"&".join(b"a=%d" % number for number in range(101))),
        ("multipart/form-data", part("media_id", "med_1").encode()),
        (MULTIPART, b"no parts"),
        (MULTIPART, b"--x\r\n\r\nno name\r\n--x--\r\n"),
        ("multipart/form-data; boundary=\xff", b"--x"),
        ("text/plain", b"media_id=med_1"),
    ],
)
def test_a_form_that_cannot_be_read_says_nothing(content_type: str, body: bytes) -> None:
    assert of_form({"id": "query"}, content_type, body) == {"id": "query"}
