"""Workflows against a running service whose detector goes by brightness."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.servers.http import HttpServer
from tests.servers.receiver import run_receiver
from tests.web.api.compat.calling import CREDENTIALS, SECRET, USER, Answer, encoded, failed, succeeded
from tests.web.api.compat.samples import Place, samples, shape
from tests.web.api.compat.watching import JobApi, job_service

_IMAGE, _VIDEO = "/1.0/check-workflow.json", "/1.0/video/check-workflow-sync.json"
_WATCH = "/1.0/video/check-workflow.json"
_WORKFLOW = "wfl_0VcE1GhmxRZsB0q7Gk1Yd"
_REASON = [{"id": "graphic", "text": "Too graphic"}]
_BRIGHT, _DARK = (encoded(Image.new("RGB", (64, 48), (shade,) * 3), "PNG") for shade in (250, 5))


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobApi]:
    folder = tmp_path_factory.mktemp("workflows")
    configuration = tmp_path_factory.mktemp("configuration") / "gorewatch.toml"
    configuration.write_text(samples("api.md", "Workflows")["toml"][0])
    with job_service(folder, GOREWATCH_CONFIG=str(configuration)) as service:
        yield JobApi(service)
        assert "Traceback" not in service.log


def _sent(api: JobApi, data: bytes, path: str = _IMAGE, **fields: object) -> Answer:
    return api.send(data, "a.png", path, **{"models": None, "workflow": _WORKFLOW, **fields})


def test_an_image_is_rejected_or_accepted(api: JobApi) -> None:
    rejected, accepted = (succeeded(_sent(api, data), 1).body for data in (_BRIGHT, _DARK))
    assert list(rejected) == ["status", "request", "gore", "media", "summary", "workflow"]
    assert len(rejected["gore"]["classes"]) == 10
    prob = rejected["gore"]["prob"]
    assert rejected["summary"] == {"action": "reject", "reject_prob": prob, "reject_reason": _REASON}
    assert rejected["workflow"] == {"id": _WORKFLOW}
    assert (accepted["summary"]["action"], accepted["summary"]["reject_reason"]) == ("accept", [])


def test_the_sample_of_the_document(api: JobApi, tmp_path: Path) -> None:
    (tmp_path / "picture.jpg").write_bytes(_BRIGHT)
    found = samples("api.md", "Workflows")
    answer = Place(api.service.url, {}, tmp_path).bash(found["bash"][0])
    assert shape(answer) == shape(json.loads(found["json"][0]))
    assert answer["summary"]["reject_reason"] == _REASON


def test_images_in_bulk_each_have_a_summary(api: JobApi) -> None:
    files = [("media[]", ("dark.png", _DARK)), ("media[]", ("bright.png", _BRIGHT))]
    answer = succeeded(api.call("POST", _IMAGE, files=files, data={"workflow": _WORKFLOW, **CREDENTIALS}), 2)
    actions = [one["summary"]["action"] for one in answer.body["data"]]
    assert (actions, answer.body["summary"]["action"]) == (["accept", "reject"], "reject")


def test_one_frame_rejects_a_short_video(api: JobApi, web_server: HttpServer, seven: Path) -> None:
    body = succeeded(api.get(f"/{_VIDEO}", models=None, workflow=_WORKFLOW, stream_url=web_server.url(seven)), 4).body
    assert body["summary"]["reject_reason"] == _REASON
    assert body["summary"]["reject_prob"] == max(frame["gore"]["prob"] for frame in body["data"]["frames"])
    assert body["workflow"] == {"id": _WORKFLOW}


def test_a_job_has_its_summary_when_it_is_asked_for_and_in_callbacks(
    api: JobApi, web_server: HttpServer, seven: Path
) -> None:
    url = web_server.url(seven)
    with run_receiver() as receiver:
        answer = api.get(_WATCH, models=None, workflow=_WORKFLOW, stream_url=url, callback_url=receiver.url("/ok/hook"))
        assert succeeded(answer, 0).body["workflow"] == {"id": _WORKFLOW}
        output = api.until_ended(answer.body["media"]["id"])
        last = receiver.wait("/ok/hook", status="finished")[-1]
    assert output["summary"]["reject_reason"] == _REASON
    assert output["workflow"] == {"id": _WORKFLOW}
    assert last.body == output


@pytest.mark.parametrize("path", [_IMAGE, _VIDEO, _WATCH])
def test_a_workflow_that_is_not_there(path: str, api: JobApi) -> None:
    failed(_sent(api, _DARK, path, workflow="wfl_" + "x" * 21), "argument_error", 56, status=400)
    failed(_sent(api, _DARK, path, workflow=None), "argument_error", 56, status=400)
    failed(_sent(api, _DARK, path, workflow=None, models="gore"), "argument_error", 56, status=400)
    failed(_sent(api, _DARK, path, workflow="x", api_user=USER, api_secret=SECRET[1:]), "argument_error", 1)
