"""`benchmarks/arrival.py` on the real service, with few of everything."""

import json

import pytest
from click.testing import CliRunner

from benchmarks.arrival import arrival as arrival_command
from web.bench import arrival

pytestmark = pytest.mark.timeout(300)


def test_a_short_run_over_two_restarts_loses_and_doubles_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    held = arrival.main(arrival.Asked(streams=2, subscribers=4, slow=1, restless=1, seconds=6.0))
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["bench"] == "arrival"
    assert held is told["held"] is True
    assert told["kept"]["media.started"] == 6
    assert told["kept"]["media.finished"] + told["kept"]["media.failed"] == 6
    assert told["by_manner"]["steady"] == {"subscribers": 2} | told["by_manner"]["steady"]
    assert len(told["caught_up_s"]) == 2
    assert {"incidents", "replayed", "cut", "merged", "gaps", "received", "commit", "machine"} <= told.keys()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--subscribers", "5", "--slow", "3", "--restless", "3"), "more than --subscribers"), (("--streams", "0"), "0")],
)
def test_what_cannot_be_asked_for(arguments: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(arrival_command, arguments)
    assert done.exit_code == 2
    assert said in done.output
