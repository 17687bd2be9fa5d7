"""A receiver for what is posted because of events."""

from collections.abc import Iterator

import pytest

from tests.servers.receiver import Receiver, run_receiver


@pytest.fixture(scope="package")
def receiver() -> Iterator[Receiver]:
    with run_receiver() as running:
        yield running
