"""What a worker's source counts, where decoding alone does not show it."""

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from stream.emit import Emitter
from stream.errors import DecodeFailed
from stream.messages import REPORTS, Done, Picked, Reports, read_frame
from stream.options import SourceOptions
from stream.ring import SlotMemory, Slots, create_memory_fd, memory_bytes
from stream.sample import SourceInfo
from stream.worker import outcome

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


async def test_what_waits_while_it_is_late_comes_before_what_follows_once_it_is_patient_again() -> None:
    shape = {"slots": 16, "height_px": 8, "width_px": 8}
    memory = SlotMemory(create_memory_fd(memory_bytes(**shape)), **shape)
    ours, theirs = socket.socketpair()
    now_s = 0.0
    with ours:
        emitter = Emitter(
            1,
            SourceOptions(fps=1.0),
            memory=memory,
            slots=Slots(16),
            reports=Reports(ours),
            stopped=lambda: False,
            clock=lambda: now_s,
        )
        emitter.begin(replace(_INFO, patient=True), Fraction(1, 1000))
        # In time, then twenty seconds late, when it holds no more than four slots and the newest waits; then in time.
        for position_s, late_s in ((0, 0), (1, 20), (2, 20), (3, 20), (4, 20), (5, 20), (6, 0), (7, 0)):
            now_s = float(position_s + late_s)
            emitter.frame(_frame(position_s))
    reader, writer = await asyncio.open_connection(sock=theirs)
    reports = []
    while (body := await read_frame(reader)) is not None:
        reports.append(REPORTS.validate_json(body))
    writer.close()
    assert [report.position_s for report in reports if isinstance(report, Picked)] == [0, 1, 2, 3, 5, 6, 7]


def _frame(position_s: int) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), position_s, np.uint8), format="rgb24")
    frame.pts = 1000 * position_s
    return frame


def test_a_source_whose_service_has_gone_ends_without_a_word_of_a_fault(caplog: pytest.LogCaptureFixture) -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours:
        assert outcome(lambda: _told(Reports(ours))) == (None, False)
    assert caplog.records == []


def _told(reports: Reports) -> bool:
    reports.send(Done(1, None))
    return True
