"""Messages between service and worker: what is sent arrives, and nonsense is refused."""

import asyncio
import socket

import pytest
from pydantic import ValidationError

from stream.address import parse
from stream.errors import (
    CodecUnsupported,
    ConnectionRefused,
    Failure,
    NotMedia,
    OfferInvalid,
    SourceError,
    error_from,
)
from stream.messages import (
    ORDERS,
    REPORTS,
    Done,
    MessageInvalid,
    Opened,
    Picked,
    Progress,
    Pull,
    Reports,
    frame,
    read_frame,
)
from stream.options import SourceOptions
from stream.sample import Counters, SourceInfo


def test_orders_survive_the_way() -> None:
    order = Pull(3, parse("rtsp://u:p@camera/s"), SourceOptions(fps=0.5, egress_allow=("10.0.0.0/8",), trusted=True))
    assert ORDERS.validate_json(ORDERS.dump_json(order)) == order


@pytest.mark.parametrize(
    "report",
    [
        Opened(1, SourceInfo(codec="h264", width=2, height=2, fps=None, live=True)),
        Picked(source=1, slot=2, number=3, position_s=4.5, captured_s=6.5, epoch=0),
        Progress(1, Counters(frames=3, dropped={"overload": 2})),
        Done(1, Failure("timeout", "Nothing came.", retryable=True)),
        Done(1, None),
    ],
)
def test_reports_survive_the_way(report: Opened | Picked | Progress | Done) -> None:
    assert REPORTS.validate_json(REPORTS.dump_json(report)) == report


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"kind": "format_disk"}',
        b'{"kind": "picked", "source": 1}',
        b'{"kind": "picked", "source": 1, "slot": 1, "number": 1, "position_s": -1, "captured_s": 1, "epoch": 0}',
        b'{"kind": "picked", "source": 1, "slot": 1, "number": 1, "position_s": NaN, "captured_s": 1, "epoch": 0}',
    ],
    ids=range(6),
)
def test_what_is_no_report_is_refused(body: bytes) -> None:
    with pytest.raises(ValidationError):
        REPORTS.validate_json(body)


async def test_frames_are_read_whole_and_the_end_is_told() -> None:
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    with theirs:
        Reports(theirs).send(Done(7, None))
        theirs.sendall(frame(b"second")[:6])
        assert REPORTS.validate_json(await read_frame(reader) or b"") == Done(7, None)
    assert await read_frame(reader) is None  # the second one was cut
    writer.close()
    await writer.wait_closed()


async def test_a_length_that_cannot_be_is_refused() -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(b"\xff\xff\xff\xff")
    with pytest.raises(MessageInvalid):
        await read_frame(reader)
    with pytest.raises(MessageInvalid):
        frame(b"x" * (1 << 20) + b"x")


@pytest.mark.parametrize("kind", [NotMedia, OfferInvalid, CodecUnsupported, ConnectionRefused])
def test_an_error_comes_back_as_itself(kind: type[SourceError]) -> None:
    again = error_from(kind("A sentence.").failure())
    assert (type(again), str(again)) == (kind, "A sentence.")


def test_a_code_of_another_version_is_still_an_error() -> None:
    assert type(error_from(Failure("brand_new", "?"))) is SourceError
