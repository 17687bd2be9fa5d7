"""A tiny run of `benchmarks/webhooks.py` on each kind of store."""

import json

import pytest
from click.testing import CliRunner

from benchmarks.webhooks import webhooks
from tests.servers.postgres import Postgres


def check(store: str, *more: str) -> None:
    done = CliRunner().invoke(webhooks, ["--webhooks", "21", "--seconds", "0.01", *more], catch_exceptions=False)
    told = json.loads(done.stdout.splitlines()[-1])
    assert done.exit_code == (0 if told["held"] else 1)
    assert (told["store"], told["webhooks"]) == (store, 21)
    rows_an_event = {"each_to_one": 1.0, "tenth_to_all": 2.1, "all_to_all": 21.0}
    for shape, rows in rows_an_event.items():
        for batch in ("batches_of_500", "batches_of_50"):
            figures = told[shape][batch]
            assert figures["rows_per_s"] / figures["events_per_s"] == pytest.approx(rows, rel=0.01)
            assert figures["without_per_s"] > 0.0
            assert figures["ratio"] > 0.0


def test_a_tiny_run_in_a_file() -> None:
    check("sqlite")


def test_a_tiny_run_on_a_server(postgres: Postgres) -> None:
    address = postgres.new_database()
    check("postgresql", "--store", address)
    postgres.drop(address)
