"""Encoded material for the tests, generated: each whole second of a clip has a colour of its own, with some grain.

A test tells which second it looks at with `second_of(pixels)`, whatever the codec did to the picture.
"""

import functools
import os
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from PIL import Image

from tests.shared import made_once

Pixels = npt.NDArray[np.uint8]

PALETTE: tuple[tuple[int, int, int], ...] = (
    (200, 60, 60),
    (60, 170, 60),
    (60, 80, 200),
    (200, 190, 60),
    (180, 60, 190),
    (60, 180, 190),
    (230, 230, 230),
    (40, 40, 40),
)
"""The colour of second n is `PALETTE[n % 8]`, RGB."""

FPS = 30
_GRAINS = 4
_TS_PACKET_BYTES = 188


class Clips:
    """Files of one folder, each written when it is first asked for; seconds and sizes are said beside each.

    They are links to files of the folder `shared`, which other processes may have written.
    """

    def __init__(self, folder: Path, shared: Path) -> None:
        self.folder = folder
        self._shared = shared

    @functools.cached_property
    def mp4(self) -> Path:
        """H.264, 1280 × 720, 30 fps, 6 s, a key frame a second, B-frames, index in front."""
        return self.video("clip.mp4", width=1280, height=720, b_frames=2, container_options={"movflags": "faststart"})

    @functools.cached_property
    def ts(self) -> Path:
        """H.264 without B-frames, 640 × 360, 6 s, MPEG-TS."""
        return self.video("clip.ts")

    @functools.cached_property
    def long(self) -> Path:
        """The same at 320 × 180, 24 s: long enough for a test never to see it start again."""
        return self.video("long.ts", width=320, height=180, seconds=24)

    @functools.cached_property
    def flv(self) -> Path:
        """The same as `ts` in FLV."""
        return self.video("clip.flv")

    @functools.cached_property
    def webm(self) -> Path:
        """VP8, 640 × 360, 4 s."""
        return self.video("clip.webm", codec="libvpx", seconds=4)

    @functools.cached_property
    def hls(self) -> Path:
        """Finished playlist of eight one-second segments, 640 × 360, in a folder of their own."""
        return self._file("hls", write_hls) / "index.m3u8"

    @functools.cached_property
    def sound(self) -> Path:
        """AAC alone, 2 s."""
        return self._file("sound.m4a", write_sound)

    @functools.cached_property
    def talk(self) -> Path:
        """H.264, 320 × 180, 12 s with a key frame every 6 s, and AAC, in FLV."""
        picture = self.video("mute.mp4", width=320, height=180, seconds=12, gop_s=6)
        sound = self._file("tone.m4a", lambda path: write_sound(path, seconds=12))
        return self._file("talk.flv", lambda path: _dub(path, picture, sound))

    @functools.cached_property
    def empty(self) -> Path:
        """No bytes at all."""
        return self._file("empty.mp4", Path.touch)

    @functools.cached_property
    def html(self) -> Path:
        """A page, where somebody expected a video."""
        page = "<!doctype html><title>Not a video</title><p>Nothing to see.</p>\n" * 20
        return self._file("page.html", lambda path: path.write_text(page))

    @functools.cached_property
    def truncated(self) -> Path:
        """The first 60 % of `mp4`: its index promises more than there is. About 88 of 180 frames decode."""
        whole = self.mp4.read_bytes()
        return self._file("truncated.mp4", lambda path: path.write_bytes(whole[: len(whole) * 6 // 10]))

    @functools.cached_property
    def corrupt(self) -> Path:
        """`ts` with a tenth of its bytes, from 45 % on, overwritten; its first and last second are whole."""
        whole = self.ts
        return self._file("corrupt.ts", lambda path: _spoil(whole, path))

    @functools.cached_property
    def resized(self) -> Path:
        """MPEG-TS, 3 s of 640 × 360, then 3 s of 320 × 240, stamps going on."""
        parts = self._head, self.video("small.ts", width=320, height=240, seconds=3, first_second=3)
        return self._file("resized.ts", lambda path: _join(path, *parts))

    @functools.cached_property
    def rewound(self) -> Path:
        """MPEG-TS, 3 s, then the same 3 s again, whose stamps start at the beginning."""
        head = self._head
        return self._file("rewound.ts", lambda path: _join(path, head, head))

    @functools.cached_property
    def jpeg(self) -> Path:
        """640 × 360, the picture of second 0."""
        return self._file("still.jpg", lambda path: _still(path, second=0))

    @functools.cached_property
    def png(self) -> Path:
        """640 × 360, the picture of second 1."""
        return self._file("still.png", lambda path: _still(path, second=1))

    @functools.cached_property
    def _head(self) -> Path:
        return self.video("head.ts", seconds=3)

    def video(self, name: str, **how: Any) -> Path:
        """Another one, as `write_video` writes it; a name stands for one and the same video in all tests."""
        return self._file(name, lambda path: write_video(path, **how))

    def _file(self, name: str, write: Callable[[Path], object]) -> Path:
        original, path = made_once(self._shared / name, write), self.folder / name
        if original.is_dir():
            shutil.copytree(original, path, copy_function=os.link)
        elif not path.exists():
            path.hardlink_to(original)
        return path


def picture(width: int, height: int, *, second: int, frame: int = 0) -> Pixels:
    """Height × width × 3 RGB: the second's colour, grain, and a white square that moves with `frame`."""
    pixels = _ground(width, height, second % len(PALETTE), frame % _GRAINS).copy()
    side = height // 10
    left = frame * 4 % (width - side)
    pixels[:side, left : left + side] = 255
    return pixels


def second_of(pixels: Pixels) -> int:
    """Which second modulo 8 a picture was taken from; any size, the codec's error allowed for.

    Fails on a picture that has no colour of the palette, as damaged ones do.
    """
    height, width = pixels.shape[:2]
    middle = pixels[height // 4 : 3 * height // 4, width // 4 : 3 * width // 4].reshape(-1, 3).mean(axis=0)
    distances = [float(np.abs(middle - np.asarray(colour)).sum()) for colour in PALETTE]
    nearest = int(np.argmin(distances))
    assert distances[nearest] < 60, f"no colour of the palette: {middle}"
    return nearest


def rgb(frame: av.VideoFrame) -> Pixels:
    """A decoded frame's picture, height × width × 3 RGB."""
    return frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)


def write_video(
    path: Path,
    *,
    width: int = 640,
    height: int = 360,
    seconds: float = 6,
    first_second: int = 0,
    codec: str = "libx264",
    b_frames: int = 0,
    gop_s: int = 1,
    container: str | None = None,
    container_options: dict[str, str] | None = None,
) -> Path:
    """Encode the seconds from `first_second` on (stamps too), 30 fps, a key frame every `gop_s`. Returns `path`."""
    with av.open(str(path), "w", format=container, options=container_options or {}) as output:
        stream = output.add_stream(codec, rate=FPS)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.gop_size = FPS * gop_s
        stream.codec_context.time_base = Fraction(1, FPS)
        stream.options = dict(_encoder_options(codec, b_frames))
        start = first_second * FPS
        for number in range(start, start + round(seconds * FPS)):
            pixels = picture(width, height, second=number // FPS, frame=number)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def write_sound(path: Path, *, seconds: float = 2.0) -> Path:
    """A 440 Hz tone as AAC. Returns `path`."""
    rate = 44_100
    with av.open(str(path), "w") as output:
        stream = output.add_stream("aac", rate=rate)
        assert isinstance(stream, av.AudioStream)
        for start in range(0, round(seconds * rate), 1024):
            tone = np.sin(2 * np.pi * 440 * np.arange(start, start + 1024) / rate).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(0.2 * tone[None, :], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = rate, start
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def write_hls(folder: Path, *, seconds: int = 8) -> Path:
    """A finished playlist of one-second MPEG-TS segments `seg000.ts` … in `folder`. Returns the playlist."""
    folder.mkdir(parents=True, exist_ok=True)
    options = {
        "hls_time": "1",
        "hls_list_size": "0",
        "hls_playlist_type": "vod",
        "hls_segment_filename": str(folder / "seg%03d.ts"),
    }
    return write_video(folder / "index.m3u8", seconds=seconds, container="hls", container_options=options)


@functools.lru_cache(maxsize=32)
def _ground(width: int, height: int, second: int, grain: int) -> Pixels:
    noise = np.random.default_rng(grain).integers(-12, 13, size=(height, width, 1), dtype=np.int16)
    pixels: Pixels = np.clip(np.asarray(PALETTE[second], dtype=np.int16) + noise, 0, 255).astype(np.uint8)
    return pixels


def _encoder_options(codec: str, b_frames: int) -> dict[str, object]:
    if codec == "libvpx":
        return {"deadline": "realtime", "cpu-used": "8", "b": "1M"}
    # Without repeat-headers a stream that is joined in the middle has no parameter sets.
    return {"preset": "ultrafast", "crf": "28", "bf": str(b_frames), "x264-params": "scenecut=0:repeat-headers=1"}


def _spoil(source: Path, target: Path) -> Path:
    """Whole transport packets are overwritten, their sync bytes too, as a lost stretch of a recording would be."""
    data = bytearray(source.read_bytes())
    packets = len(data) // _TS_PACKET_BYTES
    start = packets * 45 // 100 * _TS_PACKET_BYTES
    length = packets // 10 * _TS_PACKET_BYTES
    data[start : start + length] = np.random.default_rng(1).bytes(length)
    target.write_bytes(data)
    return target


def _dub(target: Path, picture: Path, sound: Path) -> Path:
    """The one track of each, in the order of their times."""
    with av.open(str(target), "w") as output, av.open(str(picture)) as seen, av.open(str(sound)) as heard:
        tracks = [(output.add_stream_from_template(source.streams[0]), source) for source in (seen, heard)]
        packets = [(packet, track) for track, source in tracks for packet in source.demux() if packet.dts is not None]
        for packet, track in sorted(packets, key=lambda one: float((one[0].dts or 0) * (one[0].time_base or 0))):
            packet.stream = track
            output.mux(packet)
    return target


def _join(target: Path, *parts: Path) -> Path:
    with target.open("wb") as output:
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, output)
    return target


def _still(path: Path, *, second: int) -> Path:
    Image.fromarray(picture(640, 360, second=second)).save(path)
    return path
