"""Jobs of `/1.0` as any program has them, on a service whose detector goes by brightness."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.inference.onnx_models import write_tiny
from tests.servers.receiver import Got
from tests.servers.service import Service, add_key, running_service
from tests.web.api.compat.calling import CREDENTIALS, SECRET, USER, Answer, Api, succeeded

WATCH, BY_ID, ONGOING = "/1.0/video/check.json", "/1.0/video/byid.json", "/1.0/video/ongoing.json"
SIGNING_SECRET = "casec_a-secret-of-the-tests"
OTHER_USER, OTHER_SECRET = "4711081501", "another-long-enough-secret"
BRIGHT = (3, 4, 5, 6)
"""The seconds of a clip, modulo 8, that the tiny model's probability is over 0.5 for; it has the others under it."""
_WITHIN_S = 60.0
_SETTINGS = {"GOREWATCH_SIGNING_SECRET": SIGNING_SECRET, "GOREWATCH_POLICY__RECONNECT_FOR": "1"}


class JobApi(Api):
    """With a model of the tests, so that it is known which seconds are over the threshold."""

    def submit(self, url: str | None = None, headers: dict[str, str] | None = None, **params: object) -> str:
        """The id of a job that was taken."""
        given = {"models": "gore", "stream_url": url, **CREDENTIALS, **params}
        sent = {name: str(value) for name, value in given.items() if value is not None}
        answer = self.call("GET", WATCH, params=sent, headers=headers)
        return str(succeeded(answer, 0).body["media"]["id"])

    def polled(self, job_id: str) -> Answer:
        return self.get(BY_ID, id=job_id)

    def output(self, job_id: str) -> dict[str, Any]:
        output = succeeded(self.polled(job_id), 0).body["output"]
        assert isinstance(output, dict)
        return output

    def until(self, job_id: str, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The job object, once its data meet the condition."""
        deadline = time.monotonic() + _WITHIN_S
        while True:
            output = self.output(job_id)
            if condition(output["data"]):
                return output
            assert time.monotonic() < deadline, f"still {output}\n{self.service.log}"
            time.sleep(0.05)

    def until_ended(self, job_id: str) -> dict[str, Any]:
        return self.until(job_id, lambda data: data["status"] != "ongoing")

    def delete(self, job_id: str, *, in_body: bool = False) -> Answer:
        given = {"id": job_id, **CREDENTIALS}
        return self.call("DELETE", BY_ID, **({"data": given} if in_body else {"params": given}))


def positions(output: dict[str, Any]) -> list[int]:
    return [frame["info"]["position"] for frame in output["data"]["frames"]]


@contextmanager
def job_service(folder: Path, **settings: str) -> Iterator[Service]:
    """A service with one worker, the tiny model and two keys; started again on its folder it has the same store."""
    data = folder / "data"
    if not data.exists():
        data.mkdir(parents=True)
        add_key(data, USER, SECRET)
        add_key(data, OTHER_USER, OTHER_SECRET)
    model = folder / "tiny.json"
    if not model.exists():
        write_tiny(folder)
    with running_service(folder, "--workers", "1", "--model", str(model), env=_SETTINGS | settings) as service:
        yield service


def final(got: list[Got]) -> Got:
    """The last one, which is the only one of its kind."""
    assert [one.status for one in got[:-1]] == ["ongoing"] * (len(got) - 1)
    assert got[-1].status != "ongoing"
    return got[-1]


def v1(api: JobApi, path: str) -> str:
    return f"{api.service.url}/v1{path}"


def bearer() -> dict[str, str]:
    return {"Authorization": f"Bearer {CREDENTIALS['api_user']}:{CREDENTIALS['api_secret']}"}
