"""The model of capacity: its arithmetic by hand, and its tables as they stand in docs/scaling.md."""

from dataclasses import replace
from pathlib import Path

import pytest

from web.bench.capacity import COSTS, LOADS, SPARING, Load, need, service_s, services, table

_DOCUMENT = Path(__file__).parents[3] / "docs" / "scaling.md"
_ROUND = replace(
    COSTS,
    decode_s=0.01,
    score_s=0.003,
    sample_service_s=0.0004,
    event_service_s=0.0003,
    gpu_scores_per_s=1000.0,
    gpu_score_s=0.003,
    borrow_s=0.001,
    sample_bytes=125_000.0,
    bus_events_per_s=10_000.0,
    database_events_per_s=2000.0,
)


def test_a_thousand_streams_by_hand() -> None:
    told = need(Load(streams=1000), _ROUND)
    assert told.host_cores == pytest.approx(20.0)  # 13 cores' worth, at 65 %
    assert (told.nodes, told.gpus, told.services, told.links) == (1, 2, 1, 1)
    assert told.gpu_host_cores == pytest.approx(20.0)
    assert told.borrowing_cores == pytest.approx(1.0 / 0.65)
    assert told.borrowing_gbit_s == pytest.approx(1.0)
    assert told.in_gbit_s == pytest.approx(3.0)
    assert told.events_per_s == pytest.approx(1000.0)
    assert told.bus_share == pytest.approx(0.1)
    assert told.database_share == pytest.approx(0.5)
    assert told.replay_s == pytest.approx(1000.0)


def test_more_streams_than_one_service_bears_need_more_services() -> None:
    assert [services(streams, 0.0007) for streams in (1, 1000, 1001, 20_000)] == [1, 1, 2, 20]
    told = need(Load(streams=20_000), _ROUND)
    assert told.services == 20
    assert told.service_events_per_s == pytest.approx(1000.0)


def test_fewer_events_cost_a_service_less() -> None:
    assert service_s(Load(streams=1, fps=1.0, event_interval_s=10.0), _ROUND) == pytest.approx(0.00043)
    # There is no event without a sample.
    assert service_s(Load(streams=1, fps=0.5, event_interval_s=1.0), _ROUND) == pytest.approx(0.00035)


def test_the_document_has_the_tables_of_the_model() -> None:
    lines = _DOCUMENT.read_text().splitlines()
    for loads in (LOADS, SPARING):
        begin = lines.index(table(loads)[2])
        assert lines[begin - 2 : begin - 2 + len(table(loads))] == table(loads), "python -m web.bench.capacity"
