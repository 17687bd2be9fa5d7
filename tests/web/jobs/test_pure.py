"""What a job gives of its samples: frames on its grid, callbacks while it runs, and the same again after a restart."""

from dataclasses import replace

import pytest

from inference.looks import Look
from inference.taxonomy import taxonomy
from stream.sample import SourceInfo
from web.api.compat.grid import frames_at
from web.jobs.fold import Batch, Fold
from web.jobs.grid import Grid
from web.jobs.notices import Notices
from web.store.job import JobFrame

SAFE, GORE = taxonomy(0.1), taxonomy(0.9)
STORED = SourceInfo(codec="h264", width=640, height=360, fps=30.0, live=False, duration_s=7.0)
LIVE = SourceInfo(codec="h264", width=640, height=360, fps=30.0, live=True)


def placed(*samples: tuple[float, float], fills: bool = True, interval_s: float = 2.0) -> list[tuple[int, float]]:
    grid = Grid(interval_s, fills=fills, over=0.5, most_points=100)
    frames = [frame for at_s, prob in samples for frame in grid.add(at_s, taxonomy(prob))]
    frames += grid.finish(7.0 if fills else None)
    return [(frame.position_ms, frame.gore.prob) for frame in frames]


def test_each_multiple_of_the_interval_has_one_frame() -> None:
    assert placed((0.0, 0.1), (2.0, 0.2), (4.03, 0.3), (6.0, 0.4)) == [(0, 0.1), (2000, 0.2), (4000, 0.3), (6000, 0.4)]


def test_a_stored_video_shows_a_frame_until_the_next_and_to_its_end() -> None:
    assert placed((0.0, 0.1), (4.0, 0.2)) == [(0, 0.1), (2000, 0.1), (4000, 0.2), (6000, 0.2)]


def test_a_live_stream_has_no_frame_where_it_had_no_picture() -> None:
    assert placed((0.0, 0.1), (60.4, 0.2), fills=False) == [(0, 0.1), (60_000, 0.2)]


def test_of_two_samples_of_one_multiple_the_higher_counts() -> None:
    assert placed((0.0, 0.1), (1.2, 0.4), (2.0, 0.3), fills=False) == [(0, 0.4), (2000, 0.3)]


def test_a_frame_over_the_threshold_does_not_wait_for_the_next() -> None:
    grid = Grid(2.0, fills=False, over=0.5, most_points=100)
    assert grid.add(0.0, SAFE) == []
    assert [frame.position_ms for frame in grid.add(2.0, GORE)] == [0, 2000]
    assert grid.add(3.5, taxonomy(0.95)) == []
    assert grid.finish(None) == []


def frame(number: int, prob: float, interval_ms: int = 1000) -> JobFrame:
    return JobFrame(number, (number - 1) * interval_ms, prob)


def told(*probs: float) -> list[list[int]]:
    notices = Notices()
    told = [notices.add(frame(number, prob)) for number, prob in enumerate(probs, start=1)]
    return [[one.number for one in frames] for frames in told if frames]


def test_nobody_is_told_of_what_is_safe() -> None:
    assert told(*[0.5] * 100) == []


def test_a_run_over_the_threshold_is_told_of_when_it_begins_and_every_ten_seconds() -> None:
    assert told(0.1, *[0.9] * 25, 0.1) == [[2], list(range(3, 13)), list(range(13, 23))]


def test_a_new_run_is_told_of_at_once() -> None:
    assert told(0.9, 0.9, 0.1, 0.9) == [[1], [4]]


def folded(fold: Fold, info: SourceInfo, probs: list[float], *, away_s: float = 0.0, to_the_end: bool = True) -> Batch:
    fold.begin(info, away_s=away_s)
    for number, prob in enumerate(probs):
        fold.scored(number * 1.0, taxonomy(prob))
    fold.finish(to_the_end=to_the_end)
    return fold.batch()


def new_fold(known: tuple[JobFrame, ...] = (), *, most_s: float = 3600.0) -> Fold:
    return Fold(interval_s=1.0, max_duration_s=most_s, detailed=False, known=known, live=False)


PROBS = [0.1, 0.9, 0.9, 0.1, 0.1, 0.8, 0.1]


def test_a_stored_video_that_is_read_again_gives_only_what_was_not_written_down() -> None:
    whole = folded(new_fold(), STORED, PROBS)
    known = whole.frames[:4]
    again = folded(new_fold(known), STORED, PROBS)
    assert again.frames == whole.frames[4:]
    assert again.notices == whole.notices[1:]
    assert (again.operations, again.progress) == (whole.operations, whole.progress) == (7, 1.0)


def test_its_frames_are_those_that_the_synchronous_check_gives() -> None:
    looks = [Look(number * 1.0, taxonomy(prob)) for number, prob in enumerate(PROBS)]
    checked = frames_at(looks, interval_s=1.0, duration_s=7.0)
    assert [(one.position_ms, one.prob) for one in folded(new_fold(), STORED, PROBS).frames] == [
        (one.position_ms, one.gore.prob) for one in checked
    ]


def test_a_live_stream_goes_on_where_it_would_be_by_now() -> None:
    known = tuple(frame(number, 0.1) for number in (1, 2, 3))
    batch = folded(new_fold(known), LIVE, [0.2, 0.3], away_s=10.5)
    assert [(one.number, one.position_ms) for one in batch.frames] == [(4, 13_000), (5, 14_000)]
    assert (batch.operations, batch.progress) == (5, None)


def test_frames_end_at_the_longest_duration() -> None:
    fold = new_fold(most_s=3.0)
    batch = folded(fold, STORED, PROBS)
    assert fold.reached
    assert [one.position_ms for one in batch.frames] == [0, 1000, 2000]


@pytest.mark.parametrize("stamps_s", [[0.0], [0.0, 9e9]])
def test_a_length_that_is_a_lie_makes_no_more_frames_than_there_may_be(stamps_s: list[float]) -> None:
    """Of billions of frames for what a file says of itself the service would die."""
    fold = new_fold(most_s=4.0)
    fold.begin(replace(STORED, duration_s=1e10), away_s=0.0)
    for position_s in stamps_s:
        fold.scored(position_s, SAFE)
    fold.finish(to_the_end=True)
    assert [one.position_ms for one in fold.batch().frames] == [0, 1000, 2000, 3000]


def test_what_was_written_down_is_not_given_again() -> None:
    fold = new_fold()
    fold.begin(LIVE, away_s=0.0)
    fold.scored(0.0, GORE)
    first = fold.batch()
    fold.scored(1.0, GORE)
    fold.written(first)
    assert [one.number for one in fold.batch().frames] == [2]
    assert fold.batch().notices == ()


@pytest.mark.parametrize(("info", "progress"), [(STORED, 0.4286), (LIVE, None)])
def test_progress_is_the_share_that_was_read_where_the_length_is_known(
    info: SourceInfo, progress: float | None
) -> None:
    fold = new_fold()
    fold.begin(info, away_s=0.0)
    fold.scored(0.0, SAFE)
    fold.scored(3.0, SAFE)
    assert fold.batch().progress == progress
