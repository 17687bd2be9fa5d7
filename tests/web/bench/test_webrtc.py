"""The publisher of `bench ingest` sends key frames when it is asked for them, and both receivers are measured on it."""

import asyncio
from pathlib import Path

import pytest
from aiortc import RTCRtpSender

from web.bench.webrtc import Pace, Receiving, figures, received_by_us, received_plainly, write_both
from web.bench.webrtc_publisher import Choice, Picture


def pictures(name: str, keys: int, of: int) -> list[Picture]:
    """So many, a key frame every `keys`."""
    return [Picture(f"{name}{number}".encode(), number % keys == 0) for number in range(of)]


def sent(choice: Choice, count: int) -> list[str]:
    return [choice.next().data.decode() for _ in range(count)]


def test_nobody_asks_and_key_frames_are_rare() -> None:
    choice = Choice(pictures("r", 6, 6), pictures("o", 2, 6))
    assert sent(choice, 7) == ["r0", "r1", "r2", "r3", "r4", "r5", "r0"]


def test_who_asks_gets_the_next_key_frame_there_is() -> None:
    choice = Choice(pictures("r", 6, 6), pictures("o", 2, 6))
    assert sent(choice, 1) == ["r0"]
    choice.ask()
    assert sent(choice, 5) == ["r1", "o2", "o3", "o4", "o5"]
    assert sent(choice, 2) == ["r0", "r1"]


@pytest.mark.parametrize("often", [[], pictures("o", 2, 4), [Picture(b"o0", key=False)] * 6])
def test_encodings_that_do_not_match_are_refused(often: list[Picture]) -> None:
    with pytest.raises(ValueError, match="as many"):
        Choice(pictures("r", 6, 6), often)


def test_aiortc_still_has_what_tells_that_somebody_asks() -> None:
    assert callable(RTCRtpSender._send_keyframe)


@pytest.mark.timeout(120)
async def test_both_receivers_are_measured(tmp_path: Path) -> None:
    rare, often = await asyncio.to_thread(write_both, tmp_path, height_px=180)
    pace = Pace(settle_s=0.0, measured_s=2.0, rounds=1)
    ours, plain = await asyncio.gather(received_by_us(rare, often, pace), received_plainly(rare, often, pace))
    assert ours.cpu_percent > 0.0
    assert plain.decoded_per_s > 0.0


def test_the_ratio_is_the_median_of_the_rounds() -> None:
    ours = [Receiving(5.0, 1.0), Receiving(6.0, 1.0), Receiving(9.0, 1.0)]
    told = figures(ours, [Receiving(15.0, 30.0)] * 3)
    assert told["webrtc_vs_plain"] == 0.4
    assert told["webrtc_vs_plain_limit"] == 0.45
    assert told["webrtc"] == {
        "ours": {"cpu_percent": 6.0, "decoded_per_s": 1.0},
        "plain": {"cpu_percent": 15.0, "decoded_per_s": 30.0},
    }
