"""The ring: slots are shared between two mappings, handed out once, and never to a source that holds its share."""

import os
import threading

import numpy as np
import pytest

from stream.ring import SlotMemory, Slots, create_memory_fd, memory_bytes

_SHAPE = {"slots": 3, "height_px": 4, "width_px": 5}


def test_two_mappings_of_one_descriptor_see_the_same_pixels() -> None:
    fd = create_memory_fd(memory_bytes(**_SHAPE))
    ours, theirs = SlotMemory(fd, **_SHAPE), SlotMemory(fd, **_SHAPE)
    os.close(fd)

    theirs.view(1)[...] = 7

    assert ours.view(1).shape == (4, 5, 3)
    assert ours.view(1).dtype == np.uint8
    assert (ours.view(1) == 7).all()
    assert (ours.view(0) == 0).all()


@pytest.mark.parametrize("slot", [-1, 3])
def test_a_slot_that_does_not_exist_is_an_error(slot: int) -> None:
    fd = create_memory_fd(memory_bytes(**_SHAPE))
    memory = SlotMemory(fd, **_SHAPE)
    os.close(fd)
    with pytest.raises(IndexError):
        memory.view(slot)


def test_a_source_gets_no_more_than_its_share() -> None:
    slots = Slots(4)
    assert {slots.take(1, at_most=2), slots.take(1, at_most=2)} <= {0, 1, 2, 3}
    assert slots.take(1, at_most=2) is None
    assert slots.take(2, at_most=2) is not None


def test_no_slot_is_handed_out_twice() -> None:
    slots = Slots(3)
    taken = [slots.take(source, at_most=8) for source in (1, 2, 3)]
    assert sorted(slot for slot in taken if slot is not None) == [0, 1, 2]
    assert slots.take(4, at_most=8) is None


def test_a_slot_that_comes_back_wakes_the_one_that_waits() -> None:
    slots = Slots(1)
    held = slots.take(1, at_most=1)
    assert held is not None
    got: list[int | None] = []
    waiter = threading.Thread(target=lambda: got.append(slots.take(2, at_most=1, wait_s=30.0)))
    waiter.start()
    slots.give_back(held)
    waiter.join(30.0)
    assert got == [held]


def test_giving_back_twice_or_what_was_never_taken_changes_nothing() -> None:
    slots = Slots(1)
    held = slots.take(1, at_most=1)
    assert held is not None
    slots.give_back(held)
    slots.give_back(held)
    slots.give_back(99)
    assert slots.take(1, at_most=2) == held
    assert slots.take(1, at_most=2) is None


def test_who_can_wait_leaves_a_reserve_to_who_cannot() -> None:
    slots = Slots(8)
    patient = [slots.take(source, at_most=8, leaves_reserve=True) for source in range(8)]
    assert sum(slot is not None for slot in patient) == 6
    assert slots.take(9, at_most=4) is not None
    assert slots.take(9, at_most=4) is not None
    assert slots.take(9, at_most=4) is None
