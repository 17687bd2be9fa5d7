"""A tiny run of `benchmarks/bus.py` with a real server of NATS and a real web node."""

import json

from click.testing import CliRunner

from benchmarks.bus import bus
from tests.servers.nats import Nats


def test_a_tiny_run() -> None:
    with Nats() as nats:
        done = CliRunner().invoke(
            bus, ["--nats", nats.url, "--rate", "50", "--seconds", "0.5", "--subscribers", "2"], catch_exceptions=False
        )
    told = json.loads(done.stdout.splitlines()[-1])
    assert done.exit_code == (0 if told["held"] else 1)
    assert told["subscribers"] == 2
    assert told["events"] >= 20
    assert 0.0 < told["p50_ms"] <= told["p99_ms"]
    assert told["p99_ms_limit"] == 50.0
