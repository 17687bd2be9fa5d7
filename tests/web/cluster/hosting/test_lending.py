"""A detector that scores for other hosts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np
import pytest

from inference.manifest import read_manifest, shipped_manifest_path
from inference.scorer import Scorer
from inference.taxonomy import taxonomy
from tests.inference.fakes import FakeModel
from tests.until import until
from tests.web.cluster.hosting.lent import DETECTOR
from web.cluster.hosting import lending
from web.cluster.hosting.lending import Detector, Lender, Pictures, Refused

TOO_LONG_S = 0.05


@asynccontextmanager
async def lender(model: FakeModel) -> AsyncIterator[Lender]:
    async with Scorer(model, max_batch=4) as scorer:
        yield Lender(scorer, DETECTOR)


def pictures(*levels: int) -> Pictures:
    return np.stack([np.full((3, 4, 3), level, np.uint8) for level in levels])


async def test_each_picture_is_answered_as_it_was_asked_for() -> None:
    async with lender(FakeModel()) as there:
        answers = await there.score(DETECTOR, pictures(0, 51, 255), (False, True, False))
        assert answers == (0.0, taxonomy(float(np.float32(0.2))), 1.0)


async def test_what_the_detector_fails_on_is_told_in_its_place() -> None:
    def fail(batch: int) -> None:
        if batch == 1:
            raise MemoryError("no room on the card")

    async with lender(FakeModel(fail)) as there:
        [failed] = await answers_of(there, pictures(1))
        assert "no room on the card" in str(failed)
        assert await answers_of(there, pictures(51)) == [pytest.approx(0.2)]


async def test_a_host_with_another_detector_is_refused() -> None:
    model = FakeModel()
    async with lender(model) as there:
        assert await there.score(replace(DETECTOR, digest="0"), pictures(1), (False,)) == Refused(DETECTOR)
        assert model.batches == []


async def test_what_is_not_scored_in_time_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lending, "ANSWER_S", TOO_LONG_S)
    model = FakeModel()
    model.gate.clear()
    async with lender(model) as there:
        with pytest.raises(TimeoutError):
            await there.score(DETECTOR, pictures(*range(8)), 8 * (False,))
        model.gate.set()
        monkeypatch.undo()
        await answers_of(there, pictures(9))
        await until(lambda: 9 in model.batches[-1])
        assert len(model.batches) == 2


async def test_detectors_are_alike_whose_manifests_say_the_same() -> None:
    manifest = read_manifest(shipped_manifest_path())
    assert Detector.of(manifest) == Detector.of(read_manifest(shipped_manifest_path()))
    calibrated = manifest.model_copy(update={"calibration": manifest.calibration.model_copy(update={"offset": 9.0})})
    assert Detector.of(manifest) != Detector.of(calibrated)


async def answers_of(there: Lender, batch: Pictures) -> list[object]:
    async with asyncio.timeout(20.0):
        answers = await there.score(DETECTOR, batch, len(batch) * (False,))
    assert not isinstance(answers, Refused)
    return list(answers)
