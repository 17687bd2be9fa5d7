"""The official PHP client, by the requests that it makes.

Credentials and models are in the query, the file alone in the body.
"""

from pathlib import Path
from urllib.parse import urlencode

from tests.media import Clips
from tests.servers.http import HttpServer
from tests.web.api.compat.calling import CREDENTIALS, IMAGE, VIDEO, Answer, Api, failed, succeeded
from tests.web.api.compat.watching import WATCH

_BOUNDARY = "1b5a7e0f9c3d4e2f8a6b7c8d9e0f1a2b3c4d5e6f"


def _post(api: Api, path: str, file: bytes, filename: str | None, **query: str) -> Answer:
    """A body as its HTTP library writes it: the part's length is told, its type only for a file."""
    disposition = 'Content-Disposition: form-data; name="media"'
    if filename is not None:
        disposition += f'; filename="{filename}"'
    lines = [f"--{_BOUNDARY}", disposition, f"Content-Length: {len(file)}"]
    lines += ["Content-Type: image/jpeg"] if filename is not None else []
    body = "\r\n".join([*lines, "", ""]).encode() + file + f"\r\n--{_BOUNDARY}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}", "User-Agent": "GuzzleHttp/7"}
    return api.call("POST", f"{path}?{urlencode({**query, **CREDENTIALS})}", data=body, headers=headers)


def test_set_url(api: Api, web_server: HttpServer, clips: Clips) -> None:
    assert succeeded(api.get(IMAGE, url=web_server.url(clips.jpeg)), 1).body["gore"]


def test_set_file_and_set_bytes_of_a_stream(api: Api, clips: Clips) -> None:
    answer = succeeded(_post(api, IMAGE, clips.jpeg.read_bytes(), "a.jpg", models="gore,gore-2.0"), 1)
    assert answer.body["media"]["uri"] == "a.jpg"


def test_set_bytes_of_a_text_has_no_file_name(api: Api, clips: Clips) -> None:
    failed(_post(api, IMAGE, clips.jpeg.read_bytes(), None, models="gore"), "argument_error", 5)


def test_video_sync_and_video(api: Api, web_server: HttpServer, seven: Path) -> None:
    url, hook = web_server.url(seven), web_server.url("/hook")
    assert len(succeeded(api.get(VIDEO, stream_url=url), 4).body["data"]["frames"]) == 4
    assert succeeded(api.get(WATCH, stream_url=url, callback_url=hook), 0).body["callback"] == hook


def test_feedback(api: Api, web_server: HttpServer, clips: Clips) -> None:
    path, said = "/1.0/feedback.json", {"model": "gore", "class": "safe"}
    succeeded(api.get(path, url=web_server.url(clips.jpeg), **said), 0)
    succeeded(_post(api, path, clips.jpeg.read_bytes(), "a.jpg", **said), 0)
