"""`gorewatch watch` on a real service."""

import json
import os
import pty
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import StartService
from tests.media import Clips
from tests.servers.ports import free_port
from tests.servers.service import Service
from tests.web.command import COMMAND, assert_one_line, environment, gorewatch
from tests.web.described_feed import check_event


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
            check_event(events[-1])
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


def _add(service: Service, clips: Clips, **more: object) -> str:
    status, stream = service.request("POST", "/v1/streams", {"url": clips.ts.as_uri(), **more})
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


def test_it_outlives_the_service_and_goes_on_with_the_next(start_service: StartService, clips: Clips) -> None:
    port = str(free_port())
    service = start_service("--workers", "1", "--port", port)
    with _watching(service, "--since", "0") as watch:
        first = _add(service, clips)
        before = watch.until("media.finished")
        assert service.stop() == 0
        assert watch.process.stderr is not None
        assert "trying again until it is back" in watch.process.stderr.readline()
        service = start_service("--workers", "1", "--port", port)
        assert watch.process.stderr.readline() == "gorewatch: connected again.\n"
        second = _add(service, clips)
        after = watch.until("media.finished")
        assert watch.interrupt() == (0, "")
    for events, stream in ((before, first), (after, second)):
        assert {event["source"] for event in events if event["type"] != "gap"} == {f"/v1/streams/{stream}"}
    ids = [event["id"] for event in (*before, *after)]
    assert ids == sorted(set(ids))


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


def test_head_ends_it(service: Service, clips: Clips) -> None:
    _add(service, clips)
    line = f'set -o pipefail; "$@" watch {service.url} --since 0 | head -n 2 >&2'
    done = subprocess.run(
        ["bash", "-c", line, "bash", *COMMAND], capture_output=True, timeout=60, check=False, env=environment()
    )
    assert done.returncode == 0
    assert [json.loads(event)["type"] for event in done.stderr.splitlines()] == ["gap", "media.started"]


def test_a_reader_that_leaves_ends_it_though_nothing_happens_any_more(service: Service, clips: Clips) -> None:
    _add(service, clips)
    with _watching(service, "--since", "0") as watch:
        watch.until("media.finished")
        assert watch.process.stdout is not None
        assert watch.process.stderr is not None
        watch.process.stdout.close()
        assert watch.process.wait(20) == 0
        assert watch.process.stderr.read() == ""


def test_a_disk_that_is_full_is_told(service: Service, clips: Clips) -> None:
    _add(service, clips)
    with Path("/dev/full").open("w") as full:
        command = [*COMMAND, "watch", service.url, "--since", "0"]
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False, env=environment()
        )
    assert "cannot be written: No space left" in assert_one_line(done)


def _on_a_terminal(service: Service, until: str, **env: str) -> str:
    """What appears on a terminal up to a word; then Ctrl-C."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "watch", service.url, "--since", "0"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment({"TERM": "xterm-256color"} | env),
    )
    os.close(theirs)
    shown = ""
    try:
        while until not in shown:
            shown += os.read(ours, 4096).decode()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    finally:
        os.close(ours)
        process.kill()
        process.wait()
    return shown


def test_a_terminal_gets_readable_lines_prob_in_colour_and_incidents_loud(service: Service, clips: Clips) -> None:
    stream = _add(service, clips, policy={"threshold": 0.0002, "release": 0.0001})
    service.wait_for(f"/v1/streams/{stream}", lambda answer: answer["state"] == "ended")
    shown = _on_a_terminal(service, "highest prob")
    assert shown.startswith("gorewatch: connected, Ctrl-C ends it.")
    assert "h264 640x360" in shown
    assert "{" not in shown
    assert re.search(r"gore\.prob .*\x1b\[32m +0\.00 s +·{20} 0\.00\x1b\[0m", shown)
    assert re.search(r"\x1b\[97m\x1b\[41m\x1b\[1m +0\.00 s  INCIDENT started, prob 0\.00 \x1b\[0m", shown)
    plain = _on_a_terminal(service, "highest prob", NO_COLOR="1")
    assert "INCIDENT started" in plain
    assert "\x1b" not in plain


def test_a_service_that_cannot_be_reached_is_told_and_waited_for() -> None:
    ours, theirs = pty.openpty()
    command = [*COMMAND, "watch", f"http://127.0.0.1:{free_port()}"]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment())
    os.close(theirs)
    shown = ""
    try:
        while "\n" not in shown:
            shown += os.read(ours, 4096).decode()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    finally:
        os.close(ours)
        process.kill()
        process.wait()
    assert re.search(r"^gorewatch: the service cannot be reached \(.+\); trying again until it is back\.", shown)


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://host", "http://host:99999"])
def test_an_address_of_no_web_server_is_one_line(url: str) -> None:
    assert url in assert_one_line(gorewatch("watch", url))
