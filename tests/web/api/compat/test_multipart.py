"""The pushed parser by itself, whatever pieces a body comes in."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from web.api.compat.body import BodyBounds
from web.api.compat.errors import Refused
from web.api.compat.multipart import MultipartForm, Upload

_BOUNDS = BodyBounds(most_bytes=10_000, file_bytes=1000, files=2, grace_s=1.0)
_BODY = (
    b'--b\r\nContent-Disposition: form-data; name="models"\r\n\r\ngore\r\n'
    b'--b\r\nContent-Disposition: form-data; name="media"; filename="a.jpg"\r\n\r\n\r\n--not the boundary\r\n\r\n'
    b"--b--\r\n"
)


@pytest.fixture
def paths(tmp_path: Path) -> Iterator[Path]:
    return (tmp_path / str(number) for number in itertools.count())


async def _read(
    body: bytes, paths: Iterator[Path], size: int = 1 << 20
) -> tuple[dict[str, str], list[Upload], list[bytes]]:
    form = MultipartForm(b"b", _BOUNDS, paths)
    try:
        for at in range(0, len(body), size):
            await form.write(body[at : at + size])
        uploads = form.finish()
        return form.fields, uploads, [upload.path.read_bytes() for upload in uploads]
    finally:
        form.close()


def _file(disposition: str, data: bytes = b"x") -> bytes:
    return f"--b\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + data + b"\r\n--b--\r\n"


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("filename*=utf-8''%C3%A4.jpg", "ä.jpg"),
        ("filename*=iso-8859-1'de'%E4.jpg", "ä.jpg"),
        ("FILENAME*=\"UTF-8''a%20b.jpg\"", "a b.jpg"),
        ("filename*=utf-8''%ff", "\ufffd"),
        ("filename*=idna''%ff", "\ufffd"),
        ("filename*=utf-7''+2AA-", "+2AA-"),
        ("filename*=unicode_escape''%5Cud800", "\\ud800"),
        ("filename*=undefined''a", "a"),
        ("filename*0=a; filename*=''x", "x"),
    ],
)
async def test_names_that_say_their_charset(paths: Iterator[Path], disposition: str, name: str) -> None:
    _, (upload,), _ = await _read(_file(f'name="media"; {disposition}'), paths)
    assert upload.name == name


@pytest.mark.parametrize("size", [1, 2, 7, 64, 1 << 20])
async def test_pieces_of_any_size(paths: Iterator[Path], size: int) -> None:
    fields, (upload,), contents = await _read(_BODY, paths, size)
    assert fields == {"models": "gore"}
    assert (upload.field, upload.name, upload.too_large) == ("media", "a.jpg", False)
    assert contents == [b"\r\n--not the boundary\r\n"]
    assert not upload.path.exists()


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('name="media"; filename="a b.jpg"', "a b.jpg"),
        ("name=media; filename=a.jpg", "a.jpg"),
        ('name="media"; filename="ä €.jpg"', "ä €.jpg"),
        ("name=\"media\"; filename*=utf-8''%C3%A4%20%E2%82%AC.jpg", "ä €.jpg"),
        ('name="media"; filename=""', ""),
    ],
)
async def test_names_of_files(paths: Iterator[Path], disposition: str, name: str) -> None:
    _, (upload,), _ = await _read(_file(disposition), paths)
    assert upload.name == name


async def test_without_a_file_name_it_is_a_field(paths: Iterator[Path]) -> None:
    assert await _read(_file('name="media"'), paths) == ({"media": "x"}, [], [])


async def test_files_of_other_names_are_passed_over(paths: Iterator[Path]) -> None:
    assert await _read(_file('name="other"; filename="a.jpg"'), paths) == ({}, [], [])


async def test_what_is_too_large_is_read_and_not_kept(paths: Iterator[Path]) -> None:
    _, (upload,), (kept,) = await _read(_file('name="media"; filename="a.jpg"', b"x" * 1001), paths, 100)
    assert (upload.too_large, upload.size_bytes) == (True, 1001)
    assert len(kept) <= 1000


@pytest.mark.parametrize("body", [_BODY[:-10], _BODY[:40], b"", b"nonsense", b"--b\r\nno colon here\r\n\r\n\r\n--b--"])
async def test_what_is_malformed_or_cut_off(paths: Iterator[Path], body: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        await _read(body, paths)
    assert refusal.value.fault.code == 82
