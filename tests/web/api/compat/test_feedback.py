"""What people say that a picture is: conformance cases 57 and 58, and what training gets of it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from inference.training.data import read_pictures
from tests.media import Clips
from tests.servers.http import HttpServer
from tests.servers.service import clean_environment
from tests.web.api.compat.calling import CREDENTIALS, Answer, Api, failed, succeeded

FEEDBACK = "/1.0/feedback.json"


def _say(api: Api, model: str, label: str, **more: object) -> Answer:
    return api.get(FEEDBACK, model=model, models=None, **{"class": label, **more})


def _exported(api: Api, folder: Path) -> tuple[int, dict[str, int]]:
    environment = {**clean_environment(), "GOREWATCH_DATA_DIR": str(api.service.data_dir)}
    command = [sys.executable, "-m", "web", "feedback", "export", str(folder), "--json"]
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    return done.returncode, json.loads(done.stdout) if done.returncode == 0 else {}


def test_case_57_feedback_is_taken_and_can_be_trained_on(
    api: Api, web_server: HttpServer, clips: Clips, tmp_path: Path
) -> None:
    url = web_server.url(clips.jpeg)
    assert succeeded(_say(api, "gore", "safe", url=url), 0).body["media"]["uri"] == url
    answer = api.call(
        "POST",
        FEEDBACK,
        files={"media": ("a.png", clips.png.read_bytes())},
        data={"model": "gore-2.0", "class": "gore", **CREDENTIALS},
    )
    assert succeeded(answer, 0).body["media"]["uri"] == "a.png"
    succeeded(_say(api, "unknown", "unknown", url=url), 0)
    code, said = _exported(api, tmp_path / "judged")
    assert code == 0
    assert said["left_out"] >= 1
    pictures = read_pictures(tmp_path / "judged")
    assert len(pictures) == said["written"]
    assert {picture.path: picture.gore for picture in pictures} == {url: False, "a.png": True}
    with Image.open(tmp_path / "judged" / pictures[0].file) as picture:
        assert picture.size == (224, 224)
    assert _exported(api, tmp_path / "judged")[0] == 2


@pytest.mark.parametrize(
    ("model", "label"), [("model9999", "safe"), ("gore", "raw9999"), ("gore", "miss"), ("unknown", "gore"), ("", "")]
)
def test_case_58_a_model_or_class_that_is_none_is_refused(
    api: Api, web_server: HttpServer, clips: Clips, model: str, label: str
) -> None:
    failed(_say(api, model, label, url=web_server.url(clips.jpeg)), "argument_error", 72)


def test_case_58_a_picture_that_cannot_be_had_is_a_failure(api: Api, web_server: HttpServer, clips: Clips) -> None:
    failed(_say(api, "gore", "safe", url=web_server.url("/status/404")), "media_error", 61)
    failed(_say(api, "gore", "safe", url=web_server.url(clips.html)), "media_error", 63)
    failed(_say(api, "gore", "safe"), "argument_error", 4)
