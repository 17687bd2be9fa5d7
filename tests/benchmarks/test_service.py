"""`benchmarks/soak.py` and `benchmarks/opening.py` on the real service, with two streams of small pictures."""

import json
from dataclasses import replace
from typing import Any

import click
import pytest
from click.testing import CliRunner

from benchmarks.opening import opening as opening_command
from benchmarks.soak import soak as soak_command
from web.bench import material, opening, soak
from web.bench.opening import Opened

pytestmark = pytest.mark.timeout(300)

_LIMITED = ("lag_growth_s", "stalls", "not_live", "scored_share", "mb_per_stream", "memory_growth")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures that take little time to draw and to encode."""
    monkeypatch.setattr(material, "_ENCODING", replace(material._ENCODING, width_px=320, height_px=180))


def line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return told


def test_a_short_soak_has_its_figures_and_limits(capsys: pytest.CaptureFixture[str]) -> None:
    held = soak.main(soak.Asked(streams=2, seconds=2.0, fps=0.5))
    told = line(capsys)
    assert told["bench"] == "soak"
    assert told["held"] is held
    assert told["streams"] == 2
    assert told["stalls"] == told["reconnects"] == told["not_live"] == 0
    assert {*_LIMITED, *(f"{name}_limit" for name in _LIMITED)} <= told.keys()
    assert {"lag_start_s", "lag_end_s", "dropped", "mb_per_hour", "cpu_percent", "commit", "machine"} <= told.keys()


def test_few_and_more_streams_are_opened_and_compared(capsys: pytest.CaptureFixture[str]) -> None:
    held = opening.main(opening.Asked(few=1, many=2, rounds=1))
    told = line(capsys)
    assert told["bench"] == "opening"
    assert told["held"] is held
    assert told["ratio_limit"] == 10.0
    assert [one[:2] for one in told["all_s"]] == [[1, True], [2, True], [1, False], [2, False]]


@pytest.mark.parametrize(("many_s", "held"), [(9.9, True), (10.2, False)])
def test_the_limit_is_ten_times_as_long(many_s: float, *, held: bool) -> None:
    asked = opening.Asked(few=5, many=100, rounds=1)
    told = opening.figures(
        asked,
        [
            Opened(5, True, 1.0, 1.1, 0.5),
            Opened(100, True, many_s, 12.0, 8.0),
            Opened(5, False, 0.1, 0.2, 0.5),
            Opened(100, False, 5.0, 6.0, 9.0),
        ],
    )
    assert told["held"] is held
    assert told["many_scored_s"] == 12.0
    assert told["cpu_ms_per_stream"] == 80.0
    at_once = told["at_once"]
    assert isinstance(at_once, dict)
    assert at_once["ratio"] == 50.0


@pytest.mark.parametrize(
    ("command", "arguments", "said"),
    [
        (opening_command, ("--few", "5", "--many", "5"), "--few must be less than --many"),
        (soak_command, ("--streams", "0"), "--streams"),
        (soak_command, ("--fps", "0"), "--fps"),
    ],
)
def test_what_cannot_be_asked_for(command: click.Command, arguments: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == 2
    assert said in done.output
