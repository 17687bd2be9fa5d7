"""States, second tries and silence, by arithmetic."""

import pytest

from stream.errors import Failure
from stream.lifecycle import Backoff, Happening, Silence, after, verdict
from stream.sample import State

C, L, S, R, E, F = (
    State.CONNECTING,
    State.LIVE,
    State.STALLED,
    State.RECONNECTING,
    State.ENDED,
    State.FAILED,
)


@pytest.mark.parametrize(
    ("state", "frames", "silence", "loss", "fault", "over"),
    [
        (C, L, C, R, F, E),
        (L, L, S, R, F, E),
        (S, L, S, R, F, E),
        (R, L, R, R, F, E),
        (E, E, E, E, E, E),
        (F, F, F, F, F, F),
    ],
)
def test_every_state_and_everything_that_may_happen(
    state: State, frames: State, silence: State, loss: State, fault: State, over: State
) -> None:
    assert [after(state, happening) for happening in Happening] == [frames, silence, loss, fault, over]


def _failure(code: str) -> Failure:
    return Failure(code, "It is so.")


@pytest.mark.parametrize(
    ("code", "off_air", "live", "had_frames", "expected"),
    [
        # It ended without a failure.
        (None, False, True, True, Happening.OVER),
        (None, False, False, True, Happening.OVER),
        (None, True, True, True, Happening.LOSS),
        (None, True, True, False, Happening.OVER),
        # The first opening is believed, whatever it says of the address; but not when only the worker died.
        ("not_found", False, True, False, Happening.FAULT),
        ("connection_refused", False, True, False, Happening.FAULT),
        ("timeout", False, True, False, Happening.FAULT),
        ("worker_lost", False, True, False, Happening.LOSS),
        ("worker_replaced", False, True, False, Happening.LOSS),
        ("host_lost", False, True, False, Happening.LOSS),
        # What was live comes back after whatever a server says while it restarts.
        ("connection_lost", False, True, True, Happening.LOSS),
        ("connection_refused", False, True, True, Happening.LOSS),
        ("not_found", False, True, True, Happening.LOSS),
        ("access_denied", False, True, True, Happening.LOSS),
        ("not_media", False, True, True, Happening.LOSS),
        ("decode_failed", False, True, True, Happening.LOSS),
        ("overloaded", False, True, True, Happening.LOSS),
        ("address_refused", False, True, True, Happening.FAULT),
        ("internal", False, True, True, Happening.FAULT),
        # A stored file is read once.
        ("worker_lost", False, False, True, Happening.FAULT),
        ("connection_lost", False, False, True, Happening.FAULT),
    ],
)
def test_what_an_end_means(code: str | None, off_air: bool, live: bool, had_frames: bool, expected: Happening) -> None:
    failure = None if code is None else _failure(code)
    assert verdict(failure, off_air=off_air, live=live, had_frames=had_frames) is expected


def test_delays_double_up_to_a_limit_and_chance_takes_up_to_half() -> None:
    backoff = Backoff(first_s=0.5, longest_s=15.0)
    assert [backoff.delay_s(tries, 0.0) for tries in range(7)] == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0]
    assert backoff.delay_s(2, 0.5) == 1.5
    assert backoff.delay_s(10**9, 1.0) == 7.5


def test_a_steady_source_is_stalled_when_nothing_is_heard_for_so_long() -> None:
    silence = Silence(100.0, stall_after_s=5.0, fps=30.0)
    assert silence.stalled_at_s == 105.0
    silence.placed(100.0, 0.0)
    silence.placed(103.0, 3.0)
    silence.heard(104.5)
    assert silence.stalled_at_s == 109.5


def test_a_slide_show_is_not_stalled_between_two_slides() -> None:
    assert Silence(0.0, stall_after_s=5.0, fps=0.1).stalled_at_s == 20.0


def test_what_comes_in_bursts_is_stalled_once_the_burst_has_been_played() -> None:
    silence = Silence(0.0, stall_after_s=5.0, patient=True)
    for second in range(19):  # three segments of six seconds at once
        silence.placed(0.1, float(second))
    assert silence.stalled_at_s == pytest.approx(0.1 + 5.0 + 18.0)
    for second in range(19, 25):  # the next one
        silence.placed(6.1, float(second))
    assert silence.stalled_at_s == pytest.approx(6.1 + 5.0 + 18.0)
    hoard = Silence(0.0, stall_after_s=5.0, patient=True)
    hoard.placed(0.0, 0.0)
    hoard.placed(0.0, 3600.0)
    assert hoard.stalled_at_s == 35.0


def test_what_came_late_is_no_debt() -> None:
    silence = Silence(0.0, stall_after_s=5.0, patient=True)
    silence.placed(0.0, 0.0)
    silence.placed(60.0, 1.0)
    silence.placed(60.0, 3.0)
    assert silence.stalled_at_s == pytest.approx(68.0)


def test_media_that_comes_twice_as_fast_as_it_plays_is_no_live_media() -> None:
    stored, live = Silence(0.0, stall_after_s=5.0), Silence(0.0, stall_after_s=5.0)
    for second in range(11):
        stored.placed(0.1 * second, float(second))
        live.placed(float(second), float(second))
    assert stored.came_early
    assert not live.came_early
    assert not Silence(0.0, stall_after_s=5.0).came_early
