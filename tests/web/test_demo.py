"""The demo clip: small, quick to seek, and the shipped detector says what the demo needs it to say."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from av.video.reformatter import Interpolation, VideoReformatter

from inference.events import GoreIncident, IncidentState
from inference.judge import Judge, Scored
from inference.model import Model
from inference.policy import Policy
from inference.summary import MediaRef
from web.demo import DURATION_S, FPS, HEIGHT_PX, SPILL_S, SPILL_STARTS_S, WIDTH_PX, write_demo_clip

_SAMPLES_PER_S = 2
_MOST_BYTES = 2_000_000


@dataclass(frozen=True)
class Scores:
    position_s: npt.NDArray[np.float64]
    prob: npt.NDArray[np.float32]

    @property
    def in_spill(self) -> npt.NDArray[np.bool_]:
        return (self.position_s >= SPILL_STARTS_S) & (self.position_s < SPILL_STARTS_S + SPILL_S)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "demo.mp4"
    write_demo_clip(path)
    return path


@pytest.fixture(scope="module")
def scores(clip: Path) -> Scores:
    """What the service would score: frames at the default rate, squashed as its workers do."""
    positions, frames = zip(*_samples(clip), strict=True)
    model = Model.load(provider="cpu")
    return Scores(np.array(positions), model.score(np.stack(frames)))


def _samples(clip: Path) -> Iterator[tuple[float, npt.NDArray[np.uint8]]]:
    squash = VideoReformatter()
    with av.open(str(clip)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number % (FPS // _SAMPLES_PER_S) == 0:
                small = squash.reformat(frame, 224, 224, "rgb24", interpolation=Interpolation.AREA)
                yield float(frame.time or 0.0), np.asarray(small.to_ndarray(), np.uint8)


def test_it_is_a_small_h264_clip_with_a_key_frame_every_second(clip: Path) -> None:
    assert clip.stat().st_size < _MOST_BYTES
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", WIDTH_PX, HEIGHT_PX)
        assert stream.average_rate == Fraction(FPS)
        keys = [float(frame.time or 0.0) for frame in container.decode(stream) if frame.key_frame]
        assert stream.frames == round(DURATION_S * FPS)
    assert len(keys) >= DURATION_S
    assert max(np.diff([*keys, DURATION_S])) <= 1.0 + 1e-6


def test_it_moves(clip: Path) -> None:
    """No two samples in a row are alike, so that a person sees that it plays."""
    frames = [frame.astype(np.int16) for _, frame in _samples(clip)]
    changes = [float(np.abs(after - before).mean()) for before, after in itertools.pairwise(frames)]
    assert min(changes) > 0.3


def test_ordinary_scenes_stay_low(scores: Scores) -> None:
    ordinary = scores.prob[~scores.in_spill]
    assert len(ordinary) > 30
    assert ordinary.max() < 0.3


def test_the_spill_is_seen(scores: Scores) -> None:
    spill = scores.prob[scores.in_spill]
    assert len(spill) >= 10
    assert (spill > 0.8).mean() > 0.9


def test_an_incident_starts_and_ends_in_every_loop(scores: Scores) -> None:
    """Judged by the default policy, well before the clip begins again."""
    judge = Judge(Policy(), MediaRef("req_demo", "med_demo", "demo"), lambda: "inc_demo")
    told = [
        (float(at), event.state)
        for at, prob in zip(scores.position_s, scores.prob, strict=True)
        for event in judge.feed(Scored(float(at), float(at), 0, float(prob)))
        if isinstance(event, GoreIncident) and event.state != IncidentState.PEAK
    ]
    (started_s, started), (ended_s, ended) = told
    assert (started, ended) == (IncidentState.STARTED, IncidentState.ENDED)
    assert SPILL_STARTS_S < started_s < SPILL_STARTS_S + 3.0
    assert SPILL_STARTS_S + SPILL_S < ended_s < DURATION_S - 1.0


def test_it_is_the_same_each_time(clip: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.mp4"
    write_demo_clip(again)
    assert again.read_bytes() == clip.read_bytes()
