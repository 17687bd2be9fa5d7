"""A live source comes back as the same media, and is given up when its time is over."""

import pytest

from stream.errors import AddressRefused, ConnectionRefused, Failure, Overloaded
from stream.lifecycle import OFF_AIR
from stream.sample import Counters, Sample, State, Status
from tests.stream.scripted import (
    BROKEN,
    ENDED,
    LIVE,
    LOST,
    MISSING,
    STORED,
    Clock,
    Scripted,
    everything,
    reopening,
    sample,
    states,
)


async def test_positions_epochs_and_numbers_go_on_and_the_time_lost_counts() -> None:
    first = Scripted(LIVE, sample(0, 0.0, 100.0), sample(1, 0.5, 100.5, epoch=1), LOST)
    second = Scripted(LIVE, sample(0, 3.0, 104.5), sample(1, 3.5, 105.0), ENDED)
    source = reopening(first, second)
    items = await everything(source)
    samples = [item for item in items if isinstance(item, Sample)]
    assert [(one.number, one.position_s, one.epoch) for one in samples] == [
        (0, 0.0, 0),
        (1, 0.5, 1),
        (2, 4.5, 2),
        (3, 5.0, 2),
    ]
    assert states(items) == [
        State.CONNECTING,
        State.LIVE,
        State.RECONNECTING,
        State.RECONNECTING,
        State.LIVE,
        State.ENDED,
    ]
    for one in [*samples, *samples]:
        source.release(one)
    assert [(one.number, one.position_s) for one in second.released] == [(0, 3.0), (1, 3.5)]
    assert [one.number for one in first.released] == [0, 1]
    assert source.counters() == Counters(frames=20, samples=4, decode_errors=2, dropped={"ring": 2}, reconnects=1)


async def test_it_gives_up_after_three_losses_within_the_time() -> None:
    items = await everything(reopening(*(Scripted(LIVE, LOST) for _ in range(4))))
    assert states(items).count(State.LIVE) == 4
    assert items[-1] == LOST


async def test_losses_long_ago_do_not_count() -> None:
    clock = Clock()

    def later() -> None:
        clock.now_s += 40.0

    openings = [*(Scripted(LIVE, LOST) for _ in range(6)), Scripted(LIVE, ENDED)]
    items = await everything(reopening(*openings, clock=clock, before_each=later))
    assert items[-1] == ENDED


async def test_a_stored_file_is_not_tried_again() -> None:
    assert (await everything(reopening(Scripted(STORED, LOST), live=False)))[-1] == LOST
    assert (await everything(reopening(Scripted(STORED, BROKEN), live=False)))[-1] == BROKEN


async def test_what_was_never_live_fails_as_its_first_opening_says() -> None:
    items = await everything(reopening(Scripted(BROKEN)))
    assert states(items) == [State.CONNECTING, State.FAILED]


async def test_a_live_one_that_breaks_is_tried_until_frames_come() -> None:
    refused = ConnectionRefused("Nobody listens.")
    source = reopening(Scripted(LIVE, BROKEN), refused, Scripted(MISSING), Scripted(LIVE, ENDED))
    items = await everything(source)
    again = [(item.reason, item.failure) for item in items if isinstance(item, Status) and item.failure is not None]
    assert again == [
        ("connection_lost", BROKEN.failure),
        ("connection_refused", refused.failure()),
        ("not_found", MISSING.failure),
    ]
    assert states(items)[-2:] == [State.LIVE, State.ENDED]
    assert source.counters().reconnects == 3


@pytest.mark.parametrize(("end", "last"), [("broken", State.FAILED), ("off_air", State.ENDED)])
async def test_when_its_time_is_up_it_has_failed_or_ended_by_how_it_was_lost(end: str, last: State) -> None:
    clock = Clock()

    def later() -> None:
        clock.now_s += 25.0

    lost = {"broken": BROKEN, "off_air": Status(State.ENDED, reason=OFF_AIR)}[end]
    openings = [Scripted(LIVE, lost), *(Scripted(MISSING) for _ in range(9))]
    items = await everything(reopening(*openings, clock=clock, before_each=later))
    assert states(items)[-1] is last
    # Lost at 25 s; tried at 50 s and 75 s, and at 100 s its minute is over.
    assert sum(isinstance(item, Status) and item.failure == MISSING.failure for item in items) >= 2
    assert len(items) < 12


async def test_an_address_that_may_not_be_reached_is_not_tried_again() -> None:
    items = await everything(reopening(Scripted(LIVE, BROKEN), AddressRefused("It leads inside.")))
    assert isinstance(items[-1], Status)
    assert items[-1].failure is not None
    assert items[-1].failure.code == "address_refused"


async def test_what_came_faster_than_it_plays_is_over_when_it_ends() -> None:
    quick = Scripted(LIVE, sample(0, 0.0, 100.0), sample(1, 6.0, 100.1), Status(State.ENDED, reason=OFF_AIR))
    assert (await everything(reopening(quick)))[-1] == ENDED


async def test_no_time_for_it_means_not_at_all() -> None:
    assert (await everything(reopening(Scripted(LIVE, LOST), reconnect_for_s=0.0)))[-1] == LOST


async def test_a_source_that_told_it_is_live_comes_back_too() -> None:
    items = await everything(reopening(Scripted(LIVE, LOST), Scripted(LIVE, ENDED), live=False))
    assert items[-1] == ENDED


async def test_an_opening_that_fails_is_a_failure_of_the_source() -> None:
    (failed,) = await everything(reopening(Overloaded("No worker.")))
    assert failed == Status(State.FAILED, failure=Failure("overloaded", "No worker.", retryable=True))


@pytest.mark.parametrize("live", [True, False])
async def test_one_that_was_live_before_is_waited_for_from_the_first_try_on(live: bool) -> None:
    refused = ConnectionRefused("Nobody listens.")
    source = reopening(
        refused, Scripted(MISSING), Scripted(LIVE, LOST), Scripted(LIVE, ENDED), live=live, was_live=True
    )
    assert states(await everything(source)) == [
        State.RECONNECTING,
        State.RECONNECTING,
        State.RECONNECTING,
        State.RECONNECTING,
        State.LIVE,
        State.RECONNECTING,
        State.RECONNECTING,
        State.LIVE,
        State.ENDED,
    ]


async def test_one_that_was_live_before_is_not_waited_for_longer_than_any_other() -> None:
    clock = Clock()

    def later() -> None:
        clock.now_s += 25.0

    openings = [Scripted(MISSING) for _ in range(9)]
    items = await everything(reopening(*openings, was_live=True, clock=clock, before_each=later))
    assert items[-1] == MISSING
    assert clock.now_s < 120.0


async def test_one_that_was_live_before_and_is_stored_by_now_is_not_read_again() -> None:
    items = await everything(reopening(Scripted(STORED, BROKEN), live=False, was_live=True))
    assert items[-1] == BROKEN
