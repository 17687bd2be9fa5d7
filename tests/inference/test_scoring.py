import gc
import weakref

import numpy as np
import numpy.typing as npt
import pytest

from inference.heat import Heat
from inference.scoring import BatchRunner
from inference.taxonomy import Taxonomy, taxonomy
from tests.inference.fakes import FakeModel, sample


class Constant:
    def __init__(self, scores: list[float]) -> None:
        self._scores = scores

    def warm(self) -> None:
        pass

    def score(self, batch: npt.NDArray[np.uint8], /) -> npt.NDArray[np.float32]:
        return np.array(self._scores, np.float32)

    def taxonomies(self, batch: npt.NDArray[np.uint8], /) -> list[Taxonomy]:
        return [taxonomy(score) for score in self._scores]

    def heats(self, batch: npt.NDArray[np.uint8], /) -> list[Heat]:
        return [Heat(score, np.zeros((1, 1), np.float32)) for score in self._scores]


def test_pictures_become_one_contiguous_batch_and_scores_come_back_in_order() -> None:
    model = FakeModel()
    turned = sample(0.4).pixels.transpose(1, 0, 2)[::-1]
    outcomes = BatchRunner(model, 4).run([sample(0.2).pixels, turned, sample(1.0).pixels])
    assert outcomes == [pytest.approx(0.2), pytest.approx(0.4), 1.0]
    assert model.contiguous
    assert len(model.batches) == 1


def test_a_picture_of_another_size_is_scored_apart() -> None:
    model = FakeModel()
    runner = BatchRunner(model, 4)
    pictures = [sample(0.2).pixels, sample(0.4, size=(8, 6)).pixels, sample(0.6).pixels]
    assert runner.run(pictures) == [pytest.approx(0.2), pytest.approx(0.4), pytest.approx(0.6)]
    assert sorted(map(len, model.batches)) == [1, 2]
    assert runner.run(pictures[:1]) == [pytest.approx(0.2)]


@pytest.mark.parametrize("wrong", [float("nan"), -0.5, 1.5, float("inf")])
def test_what_is_no_probability_is_said_for_that_picture_alone(wrong: float) -> None:
    first, second = BatchRunner(Constant([0.25, wrong]), 2).run([sample().pixels] * 2)
    assert first == 0.25
    assert isinstance(second, str)
    assert "no probability" in second


def test_a_wrong_number_of_scores_fails_the_batch() -> None:
    outcomes = BatchRunner(Constant([0.5]), 2).run([sample().pixels] * 2)
    assert outcomes == ["the model gave scores of shape (1,) for 2 samples"] * 2


def test_each_picture_gets_what_is_asked_for() -> None:
    runner = BatchRunner(FakeModel(), 2)
    pictures = [sample(0.2).pixels, sample(0.6).pixels]
    heats = runner.run(pictures, "heat")
    assert [heat.prob for heat in heats if isinstance(heat, Heat)] == [pytest.approx(0.2), pytest.approx(0.6)]
    assert [told.prob for told in runner.run(pictures, "taxonomy") if isinstance(told, Taxonomy)] == [0.2, 0.6]
    assert runner.run(pictures) == [pytest.approx(0.2), pytest.approx(0.6)]


def test_an_exception_of_the_model_is_logged_and_said(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_batch: int) -> None:
        raise RuntimeError("out of memory")

    runner = BatchRunner(FakeModel(broken), 2)
    assert runner.run([sample().pixels] * 2) == ["RuntimeError: out of memory"] * 2
    assert "scoring a batch of 2 failed" in caplog.text


def test_it_keeps_no_picture() -> None:
    runner = BatchRunner(FakeModel(), 2)
    pixels = sample().pixels
    seen = weakref.ref(pixels)
    runner.run([pixels])
    del pixels
    gc.collect()
    assert seen() is None
