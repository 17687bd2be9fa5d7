"""The samples of `docs/api.md` and `docs/from-sightengine.md` do as they say.

What they answer has the keys of what is printed beside them.
"""

import hashlib
import hmac
import json
import shutil
import time
from pathlib import Path

import pytest

from tests.media import Clips
from tests.servers.http import HttpServer
from tests.web.api.compat.calling import Api
from tests.web.api.compat.samples import BASE, Place, samples, shape

_LANGUAGES = ("bash", "python", "php", "javascript")
_IMAGE, _SHORT, _LONG = "An image", "A short video", "Long videos and live streams: jobs"


@pytest.fixture
def place(api: Api, web_server: HttpServer, clips: Clips, seven: Path, tmp_path: Path) -> Place:
    shutil.copy(clips.jpeg, tmp_path / "picture.jpg")
    shutil.copy(seven, tmp_path / "long.mp4")
    named = {
        "https://media.example/clip.mp4": web_server.url(seven),
        "https://media.example/long.mp4": web_server.url(seven),
        "https://media.example/a.jpg": web_server.url(clips.jpeg),
        "https://shop.example/hook": web_server.url("/hook"),
    }
    return Place(api.service.url, named, tmp_path)


def _answer(place: Place, language: str, code: str) -> object:
    match language:
        case "bash":
            return place.bash(code)
        case "python":
            return place.python(code, "answer")
        case "php":
            return place.php(code, "$answer")
    return place.node(code, "answer")


@pytest.mark.parametrize("language", _LANGUAGES)
@pytest.mark.parametrize("heading", [_IMAGE, _SHORT])
def test_a_check_answers_what_is_printed(
    heading: str, language: str, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.folder)
    found = samples("api.md", heading)
    answer = _answer(place, language, found[language][0])
    assert shape(answer) == shape(json.loads(found["json"][0]))


def test_a_job_is_started_and_asked_for(place: Place, api: Api) -> None:
    found = samples("api.md", _LONG)
    answered, job = map(json.loads, found["json"])
    started = place.bash(found["bash"][0])
    assert shape(started) == shape(answered)
    deadline = time.monotonic() + 60.0
    while True:
        asked = place.python(found["python"][0], "job", job_id=started["media"]["id"])
        if asked["data"]["status"] != "ongoing":
            break
        assert time.monotonic() < deadline, api.service.log
        time.sleep(0.05)
    assert shape(asked) == shape(job)


def test_a_large_upload_stands_for_a_video(place: Place) -> None:
    found = samples("api.md", "Large uploads")
    create, put, check = found["bash"][0].splitlines()
    created = place.bash(create)
    assert shape(created) == shape(json.loads(found["json"][0]))
    place.bash(put.replace(f"{BASE}/1.0/upload/video/TOKEN", created["upload"]["url"]))
    started = place.bash(check.replace("MEDIA_ID", created["media"]["id"]))
    assert (started["status"], started["media"]["uri"]) == ("success", created["media"]["id"])


def test_feedback(place: Place) -> None:
    assert place.bash(samples("api.md", "Feedback")["bash"][0])["status"] == "success"


def test_the_failure_that_is_printed(place: Place) -> None:
    failure = place.bash(f"curl {BASE}/1.0/check.json")
    printed = json.loads(samples("api.md", "Failures of `/1.0`")["json"][0])
    assert shape(failure) == shape(printed)
    assert failure["error"] == printed["error"]


@pytest.mark.parametrize("language", ["python", "php", "javascript"])
def test_signatures_are_told_from_forged_ones(language: str, place: Place) -> None:
    secret, body, now = "casec_secret", '{"data": {}}', int(time.time())
    signed = hmac.new(secret.encode(), f"{now}.{body}".encode(), hashlib.sha256).hexdigest()
    old = hmac.new(secret.encode(), f"{now - 3600}.{body}".encode(), hashlib.sha256).hexdigest()
    headers = [f"t={now},v1={signed}", f"t={now},v0=x,v1={signed}", f"t={now},v1={old}", f"t={now - 3600},v1={old}", ""]
    headers += [
        f"t=soon,v1={signed}",
        f"t={now},v1[]={signed}",
        f"t={now},v1=ä",
        f"t={'9' * 5000},v1={signed}",
        "x",
        "t,v1",
    ]
    code = samples("api.md", "Callbacks")[language][0]
    if language == "python":
        genuine = place.python(code, "genuine")
        found = [genuine(header, body.encode(), secret) for header in headers]
    elif language == "php":
        call = f"array_map(fn($header) => genuine($header, '{body}', '{secret}'), {json.dumps(headers)})"
        found = place.php(code, call)
    else:
        call = f"{json.dumps(headers)}.map((header) => genuine(header, Buffer.from({json.dumps(body)}), '{secret}'))"
        found = place.node(code, call, module=False)
    assert found == [True, True] + [False] * 9


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_the_python_client_with_another_base(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.folder)
    output = place.python(samples("from-sightengine.md", "Another base address")["python"][0], "output")
    assert (output["status"], output["media"]["uri"]) == ("success", "picture.jpg")


def test_the_node_client_with_another_base(place: Place, node_modules: Path) -> None:
    (place.folder / "node_modules").symlink_to(node_modules)
    code = samples("from-sightengine.md", "Another base address")["javascript"][0]
    output = place.node(code, "sightengine.check(['gore-2.0']).set_file('picture.jpg')", module=False)
    assert (output["status"], output["media"]["uri"]) == ("success", "picture.jpg")
