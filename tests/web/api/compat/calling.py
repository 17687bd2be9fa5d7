"""Calls of `/1.0` as any program makes them, and material for them."""

import io
import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import av
import numpy as np
import requests
from PIL import Image

from tests.servers.service import Service
from tests.web.described import check_answer

USER, SECRET = "4711081500", "a-long-enough-secret"
CREDENTIALS = {"api_user": USER, "api_secret": SECRET}
IMAGE, VIDEO = "/1.0/check.json", "/1.0/video/check-sync.json"
REQUEST_ID, MEDIA_ID = re.compile(r"req_[0-9A-Za-z]{21}"), re.compile(r"med_[0-9A-Za-z]{21}")
_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, Any]
    headers: Mapping[str, str]
    text: str

    @property
    def operations(self) -> int:
        operations = self.body["request"]["operations"]
        assert isinstance(operations, int)
        return operations


class Api:
    """One running service. Every answer must be a JSON object, and as it is described, whatever is asked."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def call(self, method: str, path: str, **how: Any) -> Answer:
        with requests.Session() as session:
            response = session.request(method, self.service.url + path, timeout=_TIMEOUT_S, **how)
        assert response.headers["Content-Type"] == "application/json"
        body = response.json()
        assert isinstance(body, dict)
        check_answer(method, urlsplit(response.url).path, response.status_code, "application/json", response.content)
        return Answer(response.status_code, body, response.headers, response.text)

    def get(self, path: str = IMAGE, **params: object) -> Answer:
        """With credentials and the model gore, unless the test says otherwise; None leaves out."""
        return self.call("GET", path, params=_given(params))

    def send(self, data: bytes, name: str = "a.jpg", path: str = IMAGE, **fields: object) -> Answer:
        """One file by multipart, everything else in fields."""
        return self.call("POST", path, files={"media": (name, data)}, data=_given(fields))


def _given(values: Mapping[str, object]) -> dict[str, str]:
    merged: dict[str, object] = {"models": "gore", **CREDENTIALS, **values}
    return {name: str(value) for name, value in merged.items() if value is not None}


def succeeded(answer: Answer, operations: int) -> Answer:
    assert (answer.status, answer.body["status"]) == (200, "success"), answer.text
    assert REQUEST_ID.fullmatch(answer.body["request"]["id"])
    assert isinstance(answer.body["request"]["timestamp"], float)
    assert answer.operations == operations
    return answer


def failed(answer: Answer, kind: str, code: int | None = None, *, status: int | None = None) -> Answer:
    """A failure in the documented form that gives nothing of our inside away."""
    assert 400 <= answer.status < 600, answer.text
    assert status in (None, answer.status), answer.text
    assert list(answer.body) == ["status", "request", "error"]
    assert answer.body["status"] == "failure"
    assert REQUEST_ID.fullmatch(answer.body["request"]["id"])
    assert answer.operations == 0
    error = answer.body["error"]
    assert error["type"] == kind, answer.text
    assert code in (None, error["code"]), answer.text
    assert error["message"]
    for inside in ("Traceback", "/tmp", "upload-", "PIL", "av.", "FFmpeg", "aiohttp", "GOREWATCH"):
        assert inside not in error["message"]
    return answer


def jpeg(width: int = 320, height: int = 240, seed: int = 0) -> bytes:
    return encoded(_blots(width, height, seed), "JPEG")


def encoded(image: Image.Image, kind: str, **more: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **more)
    return buffer.getvalue()


def animated(frames: int, kind: str = "GIF") -> bytes:
    pictures = [Image.new("RGB", (64, 48), (5 * number % 256, 255 - 5 * number % 256, 40)) for number in range(frames)]
    return encoded(pictures[0], kind, save_all=True, append_images=pictures[1:], duration=50)


def endless_gif(frames: int) -> bytes:
    frame = b"\x21\xf9\x04\x00\x0a\x00\x00\x00\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\x00"
    return b"GIF89a\x40\x00\x40\x00\x80\x00\x00\0\0\0\xff\xff\xff" + frame * frames + b";"


def png_of(width: int, height: int, size_bytes: int = 100_000) -> bytes:
    """Black, one bit a pixel, as much of it as there is room for."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))

    header = struct.pack("!IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(min(height * (width // 8 + 1), size_bytes * 900)), 9)[:size_bytes]
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def cut_short(source: Path, target: Path, seconds: float) -> Path:
    """The first seconds of a clip without B-frames, not encoded again."""
    with av.open(str(source)) as container, av.open(str(target), "w") as output:
        video = container.streams.video[0]
        stream = output.add_stream_from_template(video)
        assert video.time_base is not None
        for packet in container.demux(video):
            if packet.pts is not None and packet.pts * video.time_base < seconds - 0.001:
                packet.stream = stream
                output.mux(packet)
    return target


def _blots(width: int, height: int, seed: int) -> Image.Image:
    rough = np.random.default_rng(seed).integers(0, 255, (height // 40, width // 40, 3), np.uint8)
    return Image.fromarray(rough).resize((width, height), Image.Resampling.BICUBIC)
