"""`gorewatch scan` on real files and addresses, with the detector that ships."""

import json
import re
import signal
import subprocess
import time

import pytest

from tests.media import Clips
from tests.servers.http import HttpServer
from tests.servers.service import descendants, is_running
from tests.web.command import COMMAND, environment, gorewatch, gorewatch_on_a_terminal

_EAGER = {"GOREWATCH_POLICY__THRESHOLD": "0.0001", "GOREWATCH_POLICY__RELEASE": "0.0001"}
"""Flags anything that the detector does not rule out altogether."""


def test_json_is_the_summary_key_for_key_in_the_order_of_the_inputs(clips: Clips) -> None:
    done = gorewatch("scan", "--json", clips.mp4, clips.jpeg, clips.webm)
    assert (done.returncode, done.stderr) == (0, "")
    summaries = [json.loads(line) for line in done.stdout.splitlines()]
    assert [summary["media"]["uri"] for summary in summaries] == [str(clips.mp4), str(clips.jpeg), str(clips.webm)]
    assert [summary["request"]["operations"] for summary in summaries] == [12, 1, 8]
    for summary in summaries:
        assert list(summary) == ["status", "request", "gore", "media"]
        assert summary["status"] == "success"
        assert list(summary["request"]) == ["id", "timestamp", "operations"]
        assert list(summary["gore"]) == ["prob"]
        assert 0.0 <= summary["gore"]["prob"] < 0.5
        assert list(summary["media"]) == ["id", "uri"]
        assert re.fullmatch(r"req_[0-9A-Za-z]{21}", summary["request"]["id"])
        assert re.fullmatch(r"med_[0-9A-Za-z]{21}", summary["media"]["id"])


def test_more_samples_on_request(clips: Clips) -> None:
    done = gorewatch("scan", "--json", "--fps", "5", clips.ts)
    assert json.loads(done.stdout)["request"]["operations"] == 30


def test_something_over_the_threshold_is_exit_code_1(clips: Clips) -> None:
    done = gorewatch("scan", clips.ts, env=_EAGER)
    assert (done.returncode, done.stderr) == (1, "")
    (row,) = [line for line in done.stdout.splitlines() if str(clips.ts) in line]
    assert "flagged" in row
    assert "0:00-0:05" in row


def test_one_that_cannot_be_read_keeps_no_other_from_being_scanned(clips: Clips) -> None:
    done = gorewatch("scan", clips.sound, clips.ts, "/nowhere.mp4", clips.empty, clips.html)
    assert done.returncode == 2
    errors = done.stderr.splitlines()
    assert len(errors) == 4
    assert all(line.startswith("gorewatch: ") for line in errors)
    assert "no video" in errors[0]
    assert "/nowhere.mp4" in errors[1]
    assert len([line for line in done.stdout.splitlines() if "not readable" in line]) == 4
    assert len([line for line in done.stdout.splitlines() if "clear" in line]) == 1


def test_one_that_cannot_be_read_is_a_failure_in_json(clips: Clips) -> None:
    done = gorewatch("scan", "--json", "ftp://user:secret@host/x", clips.ts, env=_EAGER)
    assert (done.returncode, done.stderr) == (2, "")
    failure, success = [json.loads(line) for line in done.stdout.splitlines()]
    assert list(failure) == ["status", "request", "error", "media"]
    assert failure["status"] == "failure"
    assert list(failure["error"]) == ["type", "code", "message"]
    assert "secret" not in done.stdout
    assert success["status"] == "success"


@pytest.mark.parametrize("name", ["truncated", "corrupt", "resized", "rewound"])
def test_damaged_files_give_what_can_be_had_of_them(clips: Clips, name: str) -> None:
    done = gorewatch("scan", "--json", getattr(clips, name))
    assert "Traceback" not in done.stderr
    summary = json.loads(done.stdout)
    assert summary["status"] == "success"
    assert summary["request"]["operations"] >= (5 if name == "truncated" else 8)


def test_addresses_are_scanned_like_files(clips: Clips, http_server: HttpServer) -> None:
    addresses = [http_server.url(clips.mp4), http_server.url(clips.hls), http_server.url(clips.png)]
    done = gorewatch("scan", "--json", *addresses)
    assert (done.returncode, done.stderr) == (0, "")
    summaries = [json.loads(line) for line in done.stdout.splitlines()]
    assert [summary["request"]["operations"] for summary in summaries] == [12, 16, 1]


def test_addresses_that_fail_say_why(http_server: HttpServer) -> None:
    done = gorewatch("scan", http_server.url("/status/404"), http_server.url("/status/503"), "http://127.0.0.1:9/x")
    assert done.returncode == 2
    missing, unwell, refused = done.stderr.splitlines()
    assert "404" in missing
    assert "503" in unwell
    assert "127.0.0.1:9" in refused


def test_a_terminal_shows_progress_and_then_a_table(clips: Clips) -> None:
    code, shown = gorewatch_on_a_terminal("scan", "--fps", "30", clips.mp4)
    assert code == 0
    assert "s of media" in shown
    assert re.search(r"clip\.mp4.*clear.*180", shown)


def test_json_on_a_terminal_is_undisturbed(clips: Clips) -> None:
    code, shown = gorewatch_on_a_terminal("scan", "--json", clips.ts)
    assert code == 0
    assert json.loads(shown)["status"] == "success"


def test_a_model_that_is_missing_is_one_line(clips: Clips) -> None:
    done = gorewatch("scan", clips.ts, env={"GOREWATCH_MODEL": "/nowhere.onnx"})
    assert done.returncode == 2
    assert done.stderr.startswith("gorewatch: The file /nowhere.json cannot be read")
    assert len(done.stderr.splitlines()) == 1


def test_a_reader_that_leaves_is_no_error_worth_a_word(clips: Clips) -> None:
    process = subprocess.Popen(
        [*COMMAND, "scan", "--json", str(clips.png)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait(20) == 2


def test_ctrl_c_leaves_no_worker_behind(http_server: HttpServer) -> None:
    process = subprocess.Popen(
        [*COMMAND, "scan", http_server.url("/live/index.m3u8")], stderr=subprocess.PIPE, env=environment()
    )
    while not any("seg" in request for request in http_server.requests):
        assert process.poll() is None
        time.sleep(0.02)
    workers = descendants(process.pid)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (130, b"")
    assert workers
    assert not any(is_running(pid) for pid in workers)
