"""A service that is killed while events are owed posts them when it is back, in order and with the same secret."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.media import Clips
from tests.servers.receiver import Got, Receiver, run_receiver
from tests.servers.service import Service, running_service

_STREAMS = 3
_WITHIN_S = 40.0
_PATIENT = "tests.web.patient"
_ALWAYS = {"threshold": 0.0001, "release": 0.0001}
"""By which there is an incident in whatever is watched."""


def test_what_is_owed_outlives_a_service_that_is_killed(tmp_path: Path, clips: Clips) -> None:
    with run_receiver() as receiver:
        with running_service(tmp_path) as service:
            receiver.switched_off = True
            secrets = {"/switch/hook": _add_webhook(service, receiver.url("/switch/hook"))}
            secrets["/switch/stream"] = str(service.request("GET", "/v1/webhooks/secret")[1]["secret"])
            policy = {"callback_url": receiver.url("/switch/stream")}
            for _ in range(_STREAMS):
                added, stream = service.request("POST", "/v1/streams", {"url": clips.mp4.as_uri(), "policy": policy})
                assert added == 201
                service.wait_for(f"/v1/streams/{stream['id']}", lambda now: now["state"] == "ended")
            owed = service.wait_for("/v1/callbacks", _all_tried)["callbacks"]
            service.kill()
        attempts = {path: len(receiver.at(path)) for path in secrets}
        receiver.switched_off = False
        with running_service(tmp_path) as service:
            service.wait_for("/v1/callbacks", lambda answer: not answer["callbacks"])
            for path, secret in secrets.items():
                _assert_all_came(receiver, path, attempts[path], [one for one in owed if one["url"].endswith(path)])
                for got in receiver.at(path):
                    Webhook(secret).verify(got.raw, dict(got.headers))
            assert "Traceback" not in service.log


@pytest.mark.parametrize("seen", [1, 4])
def test_an_incident_that_somebody_was_told_of_is_posted_though_the_service_was_killed_then(
    tmp_path: Path, clips: Clips, seen: int
) -> None:
    with run_receiver() as receiver:
        policy = {**_ALWAYS, "callback_url": receiver.url("/ok/stream")}
        with running_service(tmp_path, module=_PATIENT) as service:
            _add_webhook(service, receiver.url("/ok/hook"))
            address = f"{service.url.replace('http', 'ws')}/v1/events?type=gore.incident"
            with connect(address, proxy=None) as socket:
                for _ in range(_STREAMS):
                    assert (
                        service.request("POST", "/v1/streams", {"url": clips.mp4.as_uri(), "policy": policy})[0] == 201
                    )
                told = [json.loads(socket.recv(_WITHIN_S)) for _ in range(seen)]
                service.kill()
                told += _rest(socket)
        with running_service(tmp_path) as service:
            # How the media ended that were being watched is owed, too. One that nothing was told of may not have begun.
            begun = {event["source"] for event in told}
            service.wait_for("/v1/callbacks", lambda answer: not answer["callbacks"] and begun <= _ended(receiver))
            assert "Traceback" not in service.log
        for path in ("/ok/hook", "/ok/stream"):
            came = {got.headers["webhook-id"]: got.body for got in receiver.at(path)}
            assert [came.get(event["id"]) for event in told] == told


def _rest(socket: ClientConnection) -> list[Any]:
    """What had been sent and not read."""
    events = []
    with suppress(ConnectionClosed):
        while True:
            events.append(json.loads(socket.recv(_WITHIN_S)))
    return events


def _ended(receiver: Receiver) -> set[str]:
    closing = [got for got in receiver.at("/ok/stream") if got.body["type"] in ("media.finished", "media.failed")]
    return {got.body["source"] for got in closing}


def _add_webhook(service: Service, url: str) -> str:
    status, made = service.request("POST", "/v1/webhooks", {"url": url})
    assert status == 201
    return str(made["secret"])


def _all_tried(answer: Any) -> bool:
    """The last event of each stream is owed, and to each receiver something was posted before."""
    owed = answer["callbacks"]
    finished = [one for one in owed if one["type"] == "media.finished"]
    tried = {one["webhook"] or one["stream"] for one in owed if one["attempts"]}
    return len(finished) == 2 * _STREAMS and len(tried) == 1 + _STREAMS


def _assert_all_came(receiver: Receiver, path: str, attempts: int, owed: list[dict[str, Any]]) -> None:
    """Each once after the restart, those of one sender in the order of their ids."""
    came: list[Got] = receiver.at(path)[attempts:]
    ids = [got.headers["webhook-id"] for got in came]
    assert sorted(ids) == sorted({one["event"] for one in owed})
    for sources in {got.body["source"] for got in came}:
        of_stream = [got.headers["webhook-id"] for got in came if got.body["source"] == sources]
        assert of_stream == sorted(of_stream)
    if all(one["webhook"] for one in owed):
        assert ids == sorted(ids)
