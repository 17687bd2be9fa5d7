"""Blocks of scores: exact, small, and thinned without losing a peak."""

import math
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.judge import Judge, Scored
from inference.policy import Policy
from inference.summary import MediaRef
from web.store.blocks import MOST_SAMPLES, Judged, decode, encode, joined, thinned

_REALS = st.floats(allow_nan=True, allow_infinity=True)
_PROBS = st.floats(0.0, 1.0)


def bits(sample: Judged) -> tuple[bytes, int]:
    return struct.pack("<3d", sample.position_s, sample.raw, sample.prob), sample.epoch


def wave(count: int, *, fps: float = 2.0, start_s: float = 0.0) -> list[Judged]:
    """Scores as a detector gives them: of single precision."""
    chance = np.random.default_rng(7)
    hills = 0.5 + 0.5 * np.sin(np.arange(count) / 40)
    raws = np.clip(hills + chance.normal(0, 0.08, count), 0, 1).astype(np.float32)
    probs = np.convolve(raws, [0.5, 0.3, 0.2])[:count]
    return [
        Judged(start_s + number / fps, number // 500, float(raw), float(prob))
        for number, (raw, prob) in enumerate(zip(raws, probs, strict=True))
    ]


@given(
    st.lists(
        st.builds(Judged, _REALS, st.integers(-(2**63), 2**63 - 1), _REALS, _REALS), min_size=1, max_size=MOST_SAMPLES
    )
)
def test_whatever_goes_in_comes_out_to_the_last_bit(samples: list[Judged]) -> None:
    assert [bits(sample) for sample in decode(encode(samples))] == [bits(sample) for sample in samples]


def test_a_block_takes_less_than_half_of_its_samples() -> None:
    assert len(encode(wave(MOST_SAMPLES))) < MOST_SAMPLES * 32 / 2


def judged_by(policy: Policy, samples: list[Judged]) -> list[object]:
    ids = iter(range(10**6))
    judge = Judge(policy, MediaRef("req", "med", ""), lambda: str(next(ids)))
    for sample in samples:
        judge.feed(Scored(sample.position_s, 0.0, sample.epoch, sample.raw))
    judge.finish(0.0)
    return [judge.incidents, judge.summary(0.0)]


def test_a_replay_by_the_same_policy_gives_the_same_incidents() -> None:
    samples = wave(3000)
    blocks = [encode(samples[at : at + MOST_SAMPLES]) for at in range(0, len(samples), MOST_SAMPLES)]
    kept = joined(blocks, from_s=-math.inf, to_s=math.inf)
    for policy in (Policy(), Policy(threshold=0.7, release=0.3, window=1.5)):
        incidents, summary = judged_by(policy, kept)
        assert [incidents, summary] == judged_by(policy, samples)
        assert incidents


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\x02" + encode(wave(9))[1:],
        encode(wave(9))[:-3],
        b"\x01not compressed",
        b"\x01" + zlib.compress(b"x" * 33),
        b"\x01" + zlib.compress(b""),
        b"\x01" + zlib.compress(bytes(10**8)),
    ],
    ids=["empty", "version", "cut off", "noise", "odd", "nothing", "too much"],
)
def test_what_is_no_block_is_refused(damaged: bytes) -> None:
    with pytest.raises(ValueError, match=r"^it is "):
        decode(damaged)


def test_a_range_has_both_its_ends_and_nothing_twice() -> None:
    samples = wave(40)
    blocks = [encode(samples[:20]), encode(samples[15:40])]
    assert joined(blocks, from_s=3.0, to_s=12.0) == samples[6:25]
    assert joined([], from_s=0.0, to_s=1.0) == []


@given(st.lists(st.tuples(st.floats(0.01, 5.0), _PROBS, _PROBS), min_size=1, max_size=MOST_SAMPLES), st.floats(0.5, 60))
def test_thinning_keeps_the_peaks_and_the_order(steps: list[tuple[float, float, float]], step_s: float) -> None:
    samples: list[Judged] = []
    for step, raw, prob in steps:
        samples.append(Judged((samples[-1].position_s if samples else 0.0) + step, 3, raw, prob))
    fewer = thinned(samples, step_s=step_s)
    assert set(fewer) <= set(samples)
    assert [sample.position_s for sample in fewer] == sorted(sample.position_s for sample in fewer)
    for value in ("prob", "raw"):
        assert max(getattr(one, value) for one in fewer) == max(getattr(one, value) for one in samples)
    buckets = {sample.position_s // step_s for sample in samples}
    assert len(buckets) <= len(fewer) <= 2 * len(buckets)
    assert thinned(fewer, step_s=step_s) == fewer
