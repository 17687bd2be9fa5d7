"""When a publisher is asked for a key frame, and what is decoded, by arithmetic."""

from collections import Counter
from typing import Literal

import pytest

from stream.asking import MOST_ASKED_PER_S, Asking, Choice

_FPS = 30


class Publisher:
    """Sends a frame every thirtieth of a second, and a key frame `answers_s` after it was asked, or every `gop_s`."""

    def __init__(
        self,
        mode: Literal["auto", "all", "keyframes"],
        *,
        fps: float,
        answers_s: float | None = 0.05,
        gop_s: float = 1e9,
        size_bytes: int = 1000,
    ) -> None:
        self.asking = Asking(mode, fps=fps)
        self.answers_s = answers_s
        self.gop_s = gop_s
        self.size_bytes = size_bytes
        self.asked: list[float] = []
        self.keys: list[float] = []
        self.choices: list[tuple[float, Choice]] = []
        self.answered = 0
        self._frame = 0

    def run(self, seconds: float) -> Counter[Choice]:
        """What became of the frames of these seconds."""
        before = len(self.choices)
        for _ in range(round(seconds * _FPS)):
            self._send(self._frame / _FPS)
            self._frame += 1
        return Counter(choice for _, choice in self.choices[before:])

    def _send(self, now_s: float) -> None:
        key = self._frame == 0 or now_s - self.keys[-1] >= self.gop_s
        if self.answers_s is not None and self.asked:
            due = [asked_s for asked_s in self.asked[self.answered :] if now_s >= asked_s + self.answers_s]
            self.answered += len(due)
            key = key or bool(due)
        if key:
            self.keys.append(now_s)
        choice = self.asking.frame(key=key, size_bytes=self.size_bytes, now_s=now_s)
        self.choices.append((now_s, choice))
        if self.asking.ask(now_s):
            self.asked.append(now_s)


@pytest.mark.parametrize("fps", [0.5, 1.0, 2.0])
def test_a_publisher_that_answers_is_asked_once_a_sample_and_nothing_else_is_decoded(fps: float) -> None:
    publisher = Publisher("auto", fps=fps)
    publisher.run(10.0)
    choices = publisher.run(60.0)
    assert publisher.asking.sparing
    assert choices[Choice.ALONE] == pytest.approx(60 * fps, abs=1)
    assert choices[Choice.DECODE] == choices[Choice.SKIP] == 0


@pytest.mark.parametrize("answers_s", [0.3, 0.7, 0.95])
def test_answers_that_take_their_time_do_not_slow_the_rate_down(answers_s: float) -> None:
    publisher = Publisher("auto", fps=2.0, answers_s=answers_s)
    publisher.run(10.0)
    choices = publisher.run(60.0)
    assert publisher.asking.sparing
    assert choices[Choice.ALONE] == pytest.approx(120, abs=2)
    assert choices[Choice.DECODE] == 0


def test_everything_is_decoded_where_samples_are_wanted_often_or_all_was_asked_for() -> None:
    for publisher in (Publisher("auto", fps=MOST_ASKED_PER_S + 1), Publisher("all", fps=1.0)):
        choices = publisher.run(20.0)
        assert publisher.asked == []
        assert choices == {Choice.ALONE: 1, Choice.DECODE: 20 * _FPS - 1}


def test_a_publisher_that_never_answers_is_decoded_in_full_and_asked_less_and_less() -> None:
    publisher = Publisher("auto", fps=1.0, answers_s=None)
    choices = publisher.run(200.0)
    assert choices == {Choice.ALONE: 1, Choice.DECODE: 200 * _FPS - 1}
    gaps = [later - earlier for earlier, later in zip(publisher.asked, publisher.asked[1:], strict=False)]
    assert len(publisher.asked) < 18
    pauses = [gap for gap in gaps if gap > 2.0]
    assert pauses == sorted(pauses)
    assert len(pauses) == 5


def test_one_that_stops_answering_loses_no_frame() -> None:
    publisher = Publisher("auto", fps=1.0)
    publisher.run(10.0)
    publisher.answers_s = None
    publisher.run(10.0)
    since = [choice for now_s, choice in publisher.choices if now_s > publisher.keys[-1]]
    # What is held is decoded with the first frame that is.
    assert set(since) == {Choice.HOLD, Choice.DECODE}
    assert since == sorted(since, key=lambda choice: choice is Choice.DECODE)
    assert since.index(Choice.DECODE) / _FPS < 2.2
    publisher.answers_s = 0.05
    publisher.run(20.0)
    assert publisher.asking.sparing


def test_key_frames_that_come_by_themselves_need_no_asking() -> None:
    publisher = Publisher("auto", fps=0.4, gop_s=2.0)
    publisher.run(30.0)
    assert publisher.asked == []


@pytest.mark.parametrize(("fps", "gop_s"), [(2.0, 1.0), (2.0, 0.8), (1.0, 1.5), (1.0, 1.3), (0.5, 3.0)])
def test_key_frames_that_come_by_themselves_but_too_seldom_are_no_answers(fps: float, gop_s: float) -> None:
    publisher = Publisher("auto", fps=fps, answers_s=None, gop_s=gop_s)
    publisher.run(60.0)
    held = [now_s for now_s, choice in publisher.choices if choice is Choice.HOLD]
    assert len(held) < 0.1 * len(publisher.choices)


def test_what_is_held_is_bounded() -> None:
    publisher = Publisher("auto", fps=0.01)
    publisher.asking.frame(key=True, size_bytes=1, now_s=0.0)
    publisher.asking.lose()
    publisher.run(1.0)
    choices = publisher.run(60.0)
    assert choices[Choice.DECODE] > 0


def test_key_frames_alone_are_decoded_where_that_was_asked_for() -> None:
    deaf = Publisher("keyframes", fps=4.0, answers_s=None, gop_s=7.0)
    choices = deaf.run(70.0)
    assert choices[Choice.DECODE] == 0
    assert choices[Choice.ALONE] == 10
    assert len(deaf.asked) == pytest.approx(30, abs=6)
    answering = Publisher("keyframes", fps=4.0)
    assert answering.run(60.0)[Choice.ALONE] == pytest.approx(30, abs=2)


def test_after_a_loss_nothing_is_decoded_before_the_next_key_frame() -> None:
    publisher = Publisher("all", fps=1.0, answers_s=0.2)
    publisher.run(1.0)
    publisher.asking.lose()
    choices = publisher.run(1.0)
    assert choices[Choice.SKIP] == pytest.approx(0.2 * _FPS, abs=2)
    assert choices[Choice.ALONE] == 1
    assert len(publisher.asked) == 1


def test_an_encoder_without_key_frames_is_decoded_as_it_comes() -> None:
    publisher = Publisher("auto", fps=1.0, answers_s=None)
    publisher.run(1.0)
    publisher.asking.lose()
    assert publisher.run(4.0)[Choice.SKIP] > 0
    assert publisher.run(4.0) == {Choice.DECODE: 4 * _FPS}


def test_in_a_hurry_everything_is_decoded_beginning_with_what_is_held() -> None:
    publisher = Publisher("auto", fps=1.0)
    publisher.run(10.5)
    asking = publisher.asking
    assert asking.sparing
    now_s = 10.5
    calm = [asking.frame(key=False, size_bytes=1000, now_s=now_s + at / _FPS) for at in range(3)]
    quick = [asking.frame(key=False, size_bytes=1000, now_s=now_s + at / _FPS, hurries=True) for at in range(3, 6)]
    calm_again = asking.frame(key=False, size_bytes=1000, now_s=now_s + 6 / _FPS)
    assert calm == [Choice.HOLD] * 3
    assert quick == [Choice.DECODE] * 3
    assert calm_again is Choice.HOLD
