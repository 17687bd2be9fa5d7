"""A server of NATS for each test."""

from collections.abc import Iterator

import pytest

from tests.servers.nats import Nats


@pytest.fixture
def nats() -> Iterator[Nats]:
    with Nats() as server:
        yield server
