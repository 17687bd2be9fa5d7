"""`gorewatch watch` on a real service."""

import json
import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.conftest import StartService
from tests.media import Clips
from tests.servers.service import Service
from tests.web.command import COMMAND, assert_one_line, environment, gorewatch


class Watching:
    """A `gorewatch watch` that runs; `events()` reads what it prints."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def until(self, kind: str) -> list[dict[str, Any]]:
        """Events up to and including the first of a type."""
        assert self.process.stdout is not None
        events = []
        for line in self.process.stdout:
            events.append(json.loads(line))
            if events[-1]["type"] == kind:
                return events
        raise AssertionError(f"it ended without {kind}: {events}")

    def interrupt(self) -> tuple[int, str]:
        """Ctrl-C; exit code and standard error."""
        self.process.send_signal(signal.SIGINT)
        _, errors = self.process.communicate(timeout=20)
        return self.process.returncode, errors


@contextmanager
def _watching(service: Service, *arguments: str, **env: str) -> Iterator[Watching]:
    process = subprocess.Popen(
        [*COMMAND, "watch", service.url, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(env),
    )
    try:
        yield Watching(process)
    finally:
        process.kill()
        process.communicate()


def _add(service: Service, clips: Clips) -> str:
    status, stream = service.request("POST", "/v1/streams", {"url": clips.ts.as_uri()})
    assert status == 201, stream
    return str(stream["id"])


def test_events_are_one_json_object_a_line_from_first_frame_to_summary(service: Service, clips: Clips) -> None:
    with _watching(service, "--since", "0") as watch:
        stream = _add(service, clips)
        events = watch.until("media.finished")
        assert watch.interrupt() == (0, "")
    events = [event for event in events if event["type"] != "gap"]
    assert events[0]["type"] == "media.started"
    positions = [event["data"]["position"] for event in events if event["type"] == "gore.prob"]
    assert positions == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 5.5]
    assert {event["source"] for event in events} == {f"/v1/streams/{stream}"}
    assert [event["id"] for event in events] == sorted({event["id"] for event in events})
    summary = events[-1]["data"]["summary"]
    assert list(summary) == ["status", "request", "gore", "media"]
    assert summary["gore"]["prob"] >= max(event["data"]["gore"]["prob"] for event in events if "gore" in event["data"])


def test_since_and_filters_choose(service: Service, clips: Clips) -> None:
    first = _add(service, clips)
    service.wait_for(f"/v1/streams/{first}", lambda answer: answer["state"] == "ended")
    with _watching(service, "--since", "0", "--stream", first) as watch:
        everything = [event for event in watch.until("media.finished") if event["type"] != "gap"]
    with _watching(service, "--since", everything[3]["id"], "--type", "gore.prob", "--type", "media.finished") as watch:
        rest = watch.until("media.finished")
    assert rest == [event for event in everything[4:] if event["type"] in ("gore.prob", "media.finished")]


def test_it_outlives_the_service_and_says_so_once(start_service: StartService, clips: Clips) -> None:
    service = start_service("--workers", "1")
    with _watching(service, "--since", "0") as watch:
        _add(service, clips)
        watch.until("media.finished")
        assert service.stop() == 0
        assert watch.process.stderr is not None
        assert "trying again until it is back" in watch.process.stderr.readline()
        code, errors = watch.interrupt()
    assert (code, errors) == (0, "")


def test_credentials_are_needed_once_there_is_a_key(start_service: StartService, clips: Clips) -> None:
    service = start_service("--workers", "1")
    token = service.make_key()
    assert "--token" in assert_one_line(gorewatch("watch", service.url))
    assert "--token" in assert_one_line(gorewatch("watch", service.url, "--token", "wrong:wrong"))
    with _watching(service, "--since", "0", GOREWATCH_TOKEN=token) as watch:
        service.request("POST", "/v1/streams", {"url": "http://127.0.0.1:9/"})
        assert watch.until("media.failed")[-1]["data"]["error"]["code"] == "connection_refused"


@pytest.mark.parametrize("since", ["yesterday"])
def test_an_id_that_is_none_is_one_line(service: Service, since: str) -> None:
    assert "since" in assert_one_line(gorewatch("watch", service.url, "--since", since))


def test_a_terminal_gets_readable_lines(service: Service, clips: Clips) -> None:
    stream = _add(service, clips)
    service.wait_for(f"/v1/streams/{stream}", lambda answer: answer["state"] == "ended")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "watch", service.url, "--since", "0"], stdin=theirs, stdout=theirs, stderr=theirs, env=environment()
    )
    os.close(theirs)
    shown = ""
    try:
        while "media.finished" not in shown:
            shown += os.read(ours, 4096).decode()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    finally:
        os.close(ours)
        process.kill()
        process.wait()
    assert "h264 640x360" in shown
    assert "highest prob" in shown
    assert "{" not in shown
