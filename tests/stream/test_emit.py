"""What a worker's source counts, where decoding alone does not show it."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest

from stream.emit import Emitter
from stream.errors import DecodeFailed
from stream.messages import Reports
from stream.options import SourceOptions
from stream.ring import SlotMemory, Slots, create_memory_fd, memory_bytes
from stream.sample import SourceInfo

_INFO = SourceInfo(codec="h264", width=64, height=64, fps=30.0, live=True)


@pytest.fixture
def emitter() -> Iterator[Emitter]:
    shape = {"slots": 1, "height_px": 8, "width_px": 8}
    memory = SlotMemory(create_memory_fd(memory_bytes(**shape)), **shape)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        options = SourceOptions(decode_errors_per_min=600)
        yield Emitter(
            1,
            options,
            memory=memory,
            slots=Slots(1),
            reports=Reports(ours),
            stopped=lambda: False,
            clock=lambda: 100.0,
        )


def test_live_media_with_too_many_errors_is_given_up(emitter: Emitter) -> None:
    emitter.begin(_INFO, Fraction(1, 1000))
    emitter.packet(1000, 600)
    with pytest.raises(DecodeFailed):
        emitter.packet(1000, 601)


def test_stored_media_is_read_on_through_any_number_of_errors(emitter: Emitter) -> None:
    emitter.begin(replace(_INFO, live=False), Fraction(1, 1000))
    emitter.packet(1000, 100_000)
