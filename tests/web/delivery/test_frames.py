"""Ready-made frames are what a WebSocket client reads."""

import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from web.delivery.frames import Parcel, parcels, text_frame
from web.delivery.history import Entry


def read(data: bytes) -> list[Frame]:
    client = ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN, max_size=None)
    client.receive_data(data)
    return [event for event in client.events_received() if isinstance(event, Frame)]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
def test_a_frame_is_one_text_message_of_any_length(size: int) -> None:
    (frame,) = read(text_frame(b"x" * size))
    assert (frame.opcode, frame.fin, frame.data) == (Opcode.TEXT, True, b"x" * size)


def entry(number: int, size: int = 10) -> Entry:
    return Entry(number, "gore.prob", "str_a", str(number).encode().ljust(size))


def test_a_parcel_has_a_frame_for_each_event_and_makes_them_once() -> None:
    parcel = Parcel([entry(1), entry(2)])
    assert [int(frame.data) for frame in read(parcel.frames)] == [1, 2]
    assert parcel.frames is parcel.frames
    assert parcel.last == 2


def test_many_events_are_parcelled_without_losing_one() -> None:
    entries = [entry(number, 10_000) for number in range(11)]
    parts = list(parcels(entries))
    assert [len(part.entries) for part in parts] == [4, 4, 3]
    assert [one for part in parts for one in part.entries] == entries
    assert list(parcels([])) == []
