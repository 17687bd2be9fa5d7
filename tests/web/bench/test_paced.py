"""The publisher of the benchmarks: whole GOPs, one after the other, to everybody from the beginning."""

import urllib.request
from pathlib import Path

import av
import pytest

from web.bench.clip import Encoding, repeat, write_clip
from web.bench.paced import gop_starts, wait_s
from web.bench.serving import publishers
from web.commands.common import CommandError

_OPTIONS = (("preset", "ultrafast"), ("x264-params", "scenecut=0:bframes=0"))
_SMALL = Encoding(width_px=320, height_px=180, bitrate=200_000, gop_frames=30, options=_OPTIONS)


@pytest.fixture(scope="module")
def transport(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four GOPs of a second."""
    return repeat(write_clip(tmp_path_factory.mktemp("paced") / "clip.mkv", 2, _SMALL), 2, suffix=".ts")


def test_every_gop_can_be_read_alone(transport: Path, tmp_path: Path) -> None:
    content = transport.read_bytes()
    starts = gop_starts(content)
    assert len(starts) == 4
    for start, end in zip(starts, [*starts[1:], len(content)], strict=True):
        (tmp_path / "gop.ts").write_bytes(content[start:end])
        with av.open(str(tmp_path / "gop.ts")) as container:
            frames = list(container.decode(video=0))
        assert len(frames) == 30
        assert frames[0].key_frame


@pytest.mark.parametrize("content", [b"", b"G" * 100, bytes(188), b"G" + bytes(187)])
def test_what_is_no_transport_stream_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"MPEG-TS|key frame"):
        gop_starts(content)


def test_every_client_gets_the_file_from_its_beginning(transport: Path) -> None:
    with publishers(transport, gop_s=0.05) as published:
        for _ in range(2):
            with urllib.request.urlopen(published.url, timeout=20.0) as answer:
                assert answer.headers["Content-Type"] == "video/mp2t"
                assert answer.read() == transport.read_bytes()


@pytest.mark.parametrize(
    ("asked", "expected_s"), [("/", 0.0), ("/?phase=0.5", 1.25), ("/?phase=1.5", 0.25), ("/?phase=x", 0.0)]
)
def test_one_that_went_on_before_is_waited_for(asked: str, expected_s: float) -> None:
    head = f"GET {asked} HTTP/1.1\r\nReferer: /?phase=1 \r\n\r\n".encode()
    assert wait_s(head, 101.25, 2.0) == pytest.approx(expected_s)


def test_a_publisher_that_does_not_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "none.ts").write_bytes(b"no video")
    with pytest.raises(CommandError, match="188 bytes"), publishers(tmp_path / "none.ts", gop_s=1.0):
        pass
