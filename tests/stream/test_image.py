"""One-off images in a worker: what is refused before anything of it is decoded, and what is decoded to less."""

import base64
import io
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from stream import image
from stream.address import Address
from stream.emit import Emitter
from stream.errors import NotFound, NotMedia, TooLarge, TooManyFrames
from stream.image import read_image
from stream.messages import Reports
from stream.options import SourceOptions
from stream.ring import SlotMemory, Slots, create_memory_fd, memory_bytes
from stream.still import read_still

_OPTIONS = SourceOptions(kind="image", fps=1.0, most_bytes=100_000, most_frames=4)


@pytest.fixture
def emitter() -> Iterator[Emitter]:
    shape = {"slots": 16, "height_px": 8, "width_px": 8}
    memory = SlotMemory(create_memory_fd(memory_bytes(**shape)), **shape)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Emitter(1, _OPTIONS, memory=memory, slots=Slots(16), reports=Reports(ours), stopped=lambda: False)


def _file(path: Path, frames: int = 1, kind: str = "GIF", side: int = 16) -> Address:
    pictures = [Image.new("RGB", (side, side), (50 * number, 0, 0)) for number in range(frames)]
    if frames > 1:
        pictures[0].save(path, kind, save_all=True, append_images=pictures[1:])
    else:
        pictures[0].save(path, kind)
    return Address(str(path), "file", None, None)


def _samples(emitter: Emitter) -> int:
    return emitter.counters.samples


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_every_frame_is_a_sample(emitter: Emitter, tmp_path: Path, kind: str) -> None:
    read_image(_file(tmp_path / "a", 4, kind), _OPTIONS, emitter, threading.Event())
    assert _samples(emitter) == 4


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_one_frame_more_is_refused_before_the_first_is_decoded(emitter: Emitter, tmp_path: Path, kind: str) -> None:
    with pytest.raises(TooManyFrames):
        read_image(_file(tmp_path / "a", 5, kind), _OPTIONS, emitter, threading.Event())
    assert _samples(emitter) == 0


def test_the_pages_of_a_tiff_are_no_frames(emitter: Emitter, tmp_path: Path) -> None:
    read_image(_file(tmp_path / "a", 6, "TIFF"), _OPTIONS, emitter, threading.Event())
    assert _samples(emitter) == 1


def test_frames_that_are_large_together(emitter: Emitter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "_MOST_MOVING_PIXELS", 3 * 16 * 16)
    with pytest.raises(TooLarge):
        read_image(_file(tmp_path / "a", 4), _OPTIONS, emitter, threading.Event())


def test_too_many_bytes_none_and_a_file_that_has_gone(emitter: Emitter, tmp_path: Path) -> None:
    path = tmp_path / "a"
    for content, error in ((bytes(100_001), TooLarge), (b"", NotMedia)):
        path.write_bytes(content)
        with pytest.raises(error):
            read_image(Address(str(path), "file", None, None), _OPTIONS, emitter, threading.Event())
    path.unlink()
    with pytest.raises(NotFound):
        read_image(Address(str(path), "file", None, None), _OPTIONS, emitter, threading.Event())


def test_a_large_one_waits_for_another_and_says_that_it_does(
    emitter: Emitter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image, "_LARGE_PIXELS", 100)
    waits = threading.Event()
    monkeypatch.setattr(emitter, "heartbeat", waits.set)
    reading = threading.Thread(
        target=read_image, args=(_file(tmp_path / "a"), _OPTIONS, emitter, threading.Event()), name="large"
    )
    with image._one_large:
        reading.start()
        assert waits.wait(20)
        assert _samples(emitter) == 0
    reading.join(20)
    assert _samples(emitter) == 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_large_picture_is_reduced_but_not_below_what_is_asked_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (1600, 1200), (200, 40, 40)).save(path, kind, exif=exif)
    frame, info = read_still(path, 250)
    assert (info.width, info.height) == (1600, 1200)
    assert (frame.width, frame.height) == (300, 400)
    assert abs(frame.to_ndarray(format="rgb24").astype(int) - (200, 40, 40)).max() < 6


def test_what_full_transparency_hides_is_not_lost_when_it_is_reduced(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGBA", (640, 480), (180, 0, 0, 0)).save(path)
    frame, _ = read_still(path, 100)
    assert frame.height < 480
    assert (frame.to_ndarray(format="rgb24") == (180, 0, 0)).all()


def test_base64_text_is_what_it_stands_for() -> None:
    plain = io.BytesIO()
    Image.new("RGB", (16, 16)).save(plain, "PNG")
    for text in (base64.b64encode(plain.getvalue()), b"data:image/png;base64," + base64.encodebytes(plain.getvalue())):
        assert image._plain(text) == plain.getvalue()
    for other in (plain.getvalue(), b"<html>", b"no base64 at all!"):
        assert image._plain(other) == other
