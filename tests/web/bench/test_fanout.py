"""A tiny run of `bench fanout` has every key; its arithmetic, by hand."""

import asyncio
import resource

import pytest

from web.bench import fanout_readers
from web.bench.fanout import Plan, measured
from web.bench.fanout_figures import Measured, Turn, figures
from web.bench.fanout_hosts import STREAM, hosting
from web.bench.fanout_readers import raise_files, readers, stamp
from web.commands.common import CommandError

_TINY = Plan(subscribers=(3,), rounds=1, sends=12, paced=3, paced_s=0.5, pairs=1, idle=5, replayed=200)
_FOUND = Measured(
    turns={
        100: [Turn(1000, 1.0, 1.1, 1.5), Turn(1000, 1.0, 0.9, 1.3), Turn(1000, 2.0, 2.4, 2.8)],
        1000: [Turn(1000, 1.0, 0.85, 1.2)] * 2,
    },
    paced=1000,
    alone_s=[0.02, 0.04],
    beside_s=[0.02, 0.05],
    replayed=100_000,
    replay_s=1.6,
    idle=1000,
    idle_kb=21.94,
)


def test_a_tiny_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOREWATCH_WORKERS", "1")
    line = figures(asyncio.run(measured(_TINY)))
    headline = {"vs_aiohttp", "vs_websockets", "p99_ms", "kb_per_subscriber", "slow_reader_effect", "replay_per_s"}
    assert headline <= set(line)
    assert all(
        isinstance(line[key], float | int) and line[key] != 0 for key in ("vs_aiohttp", "vs_websockets", "p99_ms")
    )


def test_figures_stand_beside_their_limits() -> None:
    line = figures(_FOUND)
    assert (line["vs_aiohttp"], line["vs_websockets"]) == (0.85, 1.2)
    assert line["by_subscribers"] == {
        "100": {"vs_aiohttp": 1.1, "vs_websockets": 1.4, "us_per_send": 1000.0},
        "1000": {"vs_aiohttp": 0.85, "vs_websockets": 1.2, "us_per_send": 1000.0},
    }
    assert (line["p99_ms"], line["p99_ms_with_slow_reader"], line["slow_reader_effect"]) == (30.0, 35.0, 1.12)
    assert (line["replay_per_s"], line["kb_per_subscriber"]) == (62500, 21.9)
    assert (line["held"], line["broken"]) == (True, [])


async def test_events_that_do_not_arrive_are_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout_readers, "_ARRIVE_TIMEOUT_S", 0.3)
    async with hosting(history_events=10) as hosts, readers(hosts.port, f"/ours?stream={STREAM}", 2) as two:
        hosts.publish(STREAM)
        assert (await two.until(2)).events == 2
        with pytest.raises(CommandError, match="Of 3 events 2 arrived"):
            await two.until(3)


def test_a_stamp_has_always_the_same_length() -> None:
    assert {len(stamp(value)) for value in (0.0, 12.3456789, 1e9)} == {fanout_readers.STAMP_DIGITS}


def test_too_few_open_files_are_told() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY:
        with pytest.raises(CommandError, match="ulimit"):
            raise_files(hard + 1)
