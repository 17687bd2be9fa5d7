"""Which packets are decoded, by arithmetic: a stand-in decoder takes what it is given, a sampler what comes out."""

from dataclasses import dataclass, field
from typing import Literal

import pytest

from stream.gop import Due, Gops, Seen, Work
from stream.sampling import Sampler

Mode = Literal["auto", "all", "keyframes"]
RATE = 30


@dataclass
class Outcome:
    """Stamps in seconds."""

    decoded: list[float] = field(default_factory=list)
    samples: list[float] = field(default_factory=list)
    late_by: list[float] = field(default_factory=list)
    """How much newer the newest packet was when a sample came out."""
    at_once: list[int] = field(default_factory=list)
    """How many packets were decoded when each one came."""
    fallbacks: int = 0
    broken: int = 0
    """Packets that were decoded although one that they refer to was not."""

    @property
    def most_at_once(self) -> int:
        return max(self.at_once)


@dataclass
class Decoder:
    """Frames come out at once, in the order of packets; a packet needs the one before it, or to be a key."""

    last: int | None = None

    def whole(self, number: int, work: Work[int]) -> bool:
        if work.fresh:
            self.last = None
        fine = work.seen.key or self.last == number - 1
        self.last = number
        return fine


def run(
    stamps: list[float], keys: set[int], mode: Mode, *, fps: float, live: bool = True, size_bytes: int = 10_000
) -> Outcome:
    outcome, decoder, sampler = Outcome(), Decoder(), Sampler(fps)
    gops: Gops[int] = Gops(mode, live=live)
    placed = False
    for number, stamp in enumerate(stamps):
        due = Due(sampler.next_s, 1.0 / fps, sampler.last_s) if placed else None
        works = gops.admit(number, Seen(stamp, number in keys, size_bytes), due)
        outcome.at_once.append(len(works))
        for work in works:
            outcome.broken += not decoder.whole(work.packet, work)
            placed = True
            at = stamps[work.packet]
            outcome.decoded.append(at)
            if sampler.due(at):
                outcome.samples.append(at)
                outcome.late_by.append(stamp - at)
    outcome.fallbacks = gops.fallbacks
    return outcome


def regular(seconds: float, gop_s: float, *, phase_s: float = 0.0) -> tuple[list[float], set[int]]:
    count = round(seconds * RATE)
    every, first = round(gop_s * RATE), round(phase_s * RATE)
    return [number / RATE for number in range(count)], {0} | set(range(first, count, every))


@pytest.mark.parametrize("gop_s", [1.0, 2.0, 2.5, 10.0])
@pytest.mark.parametrize("fps", [0.1, 0.5, 1.0, 2.0, 3.0])
def test_stored_media_gives_the_samples_of_full_decoding_for_less(gop_s: float, fps: float) -> None:
    stamps, keys = regular(60, gop_s)
    whole = run(stamps, keys, "all", fps=fps, live=False)
    lean = run(stamps, keys, "auto", fps=fps, live=False)
    assert len(whole.decoded) == len(stamps)
    assert lean.samples == whole.samples
    assert len(lean.decoded) < len(whole.decoded)
    assert lean.broken == 0


@pytest.mark.parametrize("gop_s", [1 / RATE, 0.4, 1.0, 2.0, 2.5, 10.0])
@pytest.mark.parametrize("phase_s", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("fps", [0.5, 1.0, 2.0])
def test_every_slot_of_a_live_source_has_its_sample_within_a_slot(gop_s: float, phase_s: float, fps: float) -> None:
    stamps, keys = regular(60, gop_s, phase_s=phase_s)
    lean = run(stamps, keys, "auto", fps=fps)
    slots = {int(sample * fps + 1e-6) for sample in lean.samples}
    assert slots >= set(range(int(58 * fps)))
    assert lean.broken == 0
    assert len(lean.decoded) <= len(stamps)


def test_key_frames_alone_are_decoded_where_they_come_often_enough() -> None:
    stamps, keys = regular(60, 1.0, phase_s=0.3)
    lean = run(stamps, keys, "auto", fps=1.0)
    # The first GOPs are decoded while their length is not known yet.
    assert len(lean.decoded) < 60 + 2 * RATE
    assert set(lean.late_by) == {0.0}


def test_a_live_gop_is_decoded_up_to_its_last_sample_as_it_comes() -> None:
    stamps, keys = regular(60, 2.0)
    lean = run(stamps, keys, "auto", fps=1.0)
    assert len(lean.decoded) == pytest.approx(30 * (RATE + 1), abs=2 * RATE)
    assert set(lean.late_by) == {0.0}
    assert max(lean.at_once[2 * RATE :]) == 1


@pytest.mark.parametrize(("gop_s", "fps", "decoded"), [(2.0, 0.5, 1), (2.0, 1.0, 31), (1.0, 1.0, 1), (2.0, 2.0, 46)])
def test_nor_is_the_first_gop_whose_length_nobody_knows(gop_s: float, fps: float, decoded: int) -> None:
    lean = run(*regular(60, gop_s), "auto", fps=fps)
    assert sum(stamp < gop_s for stamp in lean.decoded) == decoded
    assert set(lean.late_by) == {0.0}


def test_the_second_key_frame_is_waited_for_only_for_a_while() -> None:
    lean = run(*regular(60, 10.0), "auto", fps=1.0)
    assert max(lean.at_once[: 4 * RATE]) == RATE
    assert max(lean.at_once[5 * RATE :]) == 1
    assert set(lean.late_by) == {0.0}


def test_all_intra_video_is_decoded_at_the_sampling_rate() -> None:
    stamps = [number / RATE for number in range(1800)]
    lean = run(stamps, set(range(1800)), "auto", fps=2.0)
    assert len(lean.decoded) == len(lean.samples) == 120


def test_it_changes_its_mind_when_key_frames_become_rare() -> None:
    stamps = [number / RATE for number in range(60 * RATE)]
    keys = {*range(0, 20 * RATE, RATE), *range(20 * RATE, 60 * RATE, 10 * RATE)}
    lean = run(stamps, keys, "auto", fps=1.0)
    assert {int(sample + 1e-6) for sample in lean.samples} >= set(range(59))
    # Once the key frame that was waited for did not come, what was held is made up for; a second of it at most.
    assert max(lean.late_by) <= 1.2
    assert [late for late in lean.late_by if late > 0.0] == [max(lean.late_by)]
    assert lean.broken == 0


def test_and_when_they_become_frequent() -> None:
    stamps = [number / RATE for number in range(120 * RATE)]
    keys = {*range(0, 40 * RATE, 10 * RATE), *range(40 * RATE, 120 * RATE, RATE)}
    lean = run(stamps, keys, "auto", fps=1.0)
    late = [stamp for stamp in lean.decoded if stamp >= 60.0]
    assert len(late) <= 61


def test_key_frames_alone_of_a_stored_file() -> None:
    stamps, keys = regular(60, 4.0)
    lean = run(stamps, keys, "keyframes", fps=2.0, live=False)
    assert lean.samples == lean.decoded == [4.0 * number for number in range(15)]
    assert lean.fallbacks == 0


@pytest.mark.parametrize("fps", [0.5, 1.0, 2.0, 8.0])
def test_key_frames_alone_of_live_video(fps: float) -> None:
    often = run(*regular(60, 2.0), "keyframes", fps=fps)
    assert often.samples == often.decoded == [2.0 * number for number in range(30)]
    assert often.fallbacks == 0


def test_and_a_sample_every_two_seconds_where_key_frames_are_rarer() -> None:
    rare = run(*regular(60, 10.0), "keyframes", fps=2.0)
    gaps = [later - earlier for earlier, later in zip(rare.samples, rare.samples[1:], strict=False)]
    assert max(gaps) <= 2.0 + 1e-6
    assert rare.fallbacks == 6
    assert rare.broken == 0


def test_without_key_frames_everything_is_decoded() -> None:
    stamps = [number / RATE for number in range(300)]
    for mode in ("auto", "keyframes"):
        assert len(run(stamps, set(), mode, fps=1.0).decoded) == 300


def test_a_single_key_frame() -> None:
    stamps, _ = regular(30, 1.0)
    for live in (False, True):
        lean = run(stamps, {0}, "auto", fps=1.0, live=live)
        assert [round(sample) for sample in lean.samples] == list(range(30))
        assert lean.broken == 0
    assert set(run(stamps, {0}, "auto", fps=1.0).late_by) == {0.0}


def test_packets_without_stamps_are_all_decoded() -> None:
    gops: Gops[int] = Gops("auto", live=True)
    for number in range(100):
        assert len(gops.admit(number, Seen(None, number == 0, 1), Due(5.0, 0.5, 0.0))) == 1


def test_what_is_held_is_bounded() -> None:
    stamps, _ = regular(100, 1.0)
    lean = run(stamps, {0}, "auto", fps=0.02, live=False, size_bytes=1_000_000)
    assert lean.most_at_once <= 9
    many = run([number / 1000 for number in range(5000)], {0}, "auto", fps=0.1, live=False, size_bytes=10)
    assert many.most_at_once <= 900


@pytest.mark.parametrize("leap_s", [-3600.0, 3600.0])
def test_stamps_that_leap_hide_nothing(leap_s: float) -> None:
    """Between the leap and the first frame that is placed anew, what is due is in the old stamps."""
    gops: Gops[int] = Gops("auto", live=True)
    due = Due(100.0, 1.0, 99.0)
    for number in range(90):
        gops.admit(number, Seen(99.0 + number / RATE, number % RATE == 0, 1), due)
    decoded = [
        work.packet
        for number in range(5)
        for work in gops.admit(number, Seen(99.0 + leap_s + number / RATE, number == 0, 1), due)
    ]
    assert decoded == list(range(5))


def test_leading_pictures_of_a_key_frame_that_was_jumped_to_are_left_out() -> None:
    gops: Gops[str] = Gops("auto", live=False)
    due = Due(2.0, 1.0, 0.0)
    first = gops.admit("key", Seen(0.0, True, 1), None)
    assert [work.packet for work in first] == ["key"]
    for packet, stamp in (("left out", 0.5), ("left out", 1.0)):
        assert gops.admit(packet, Seen(stamp, False, 1), due) == []
    (key,) = gops.admit("open key", Seen(2.1, True, 1), due)
    assert key.fresh
    assert gops.admit("leading", Seen(2.05, False, 1), due) == []
    assert gops.admit("trailing", Seen(2.2, False, 1), Due(3.0, 1.0, 2.1)) == []


def test_frames_that_nothing_refers_to_are_decoded_only_where_one_may_be_the_sample() -> None:
    gops: Gops[int] = Gops("auto", live=False)
    gops.admit(0, Seen(0.0, True, 1), None)
    for number in range(1, 10):
        assert gops.admit(number, Seen(number / 10, False, 1), Due(1.0, 1.0, 0.0)) == []
    works = gops.admit(10, Seen(1.0, False, 1), Due(1.0, 1.0, 0.0))
    assert [work.packet for work in works] == list(range(1, 11))
    assert [work.reference_only for work in works] == [True] * 9 + [False]


def test_key_frames_that_are_none_are_seen_through() -> None:
    gops: Gops[int] = Gops("auto", live=True)
    for _ in range(2):
        gops.first_frame(at_key=False)
    for number in range(100):
        assert len(gops.admit(number, Seen(number / RATE, number % RATE == 0, 1), Due(50.0, 1.0, 0.0))) == 1


def test_a_decoder_that_was_emptied_after_a_key_frame_begins_there_again() -> None:
    """Where frames are kept for their turn, a key frame alone is to be had only by emptying the decoder."""
    gops: Gops[int] = Gops("keyframes", live=True)
    (alone,) = gops.admit(0, Seen(0.0, True, 1), None)
    assert alone.alone
    gops.cut_off(alone)
    works = [gops.admit(number, Seen(number / 10, False, 1), Due(0.5, 0.5, 0.0)) for number in range(1, 21)]
    assert all(not given for given in works[:-1])
    assert [work.packet for work in works[-1]] == list(range(21))
    assert works[-1][0].fresh
