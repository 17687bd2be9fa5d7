"""One-off media is scored to its end, and nothing of it is left behind however that ends."""

import asyncio

import pytest

from inference.looking import look_at
from inference.scorer import ScoringFailed
from inference.taxonomy import Taxonomy, taxonomy
from stream.errors import Failure, NotMedia
from stream.sample import Sample, SourceInfo, State, Status
from tests.inference.fakes import ENDED, ScriptedSource, sample, turns

_INFO = SourceInfo(codec="h264", width=8, height=8, fps=30.0, live=False, duration_s=2.0)


class Lane:
    def __init__(self, error: Exception | None = None, *, answers: bool = True) -> None:
        self.closed = False
        self.futures: list[asyncio.Future[Taxonomy]] = []
        self._error = error
        self._answers = answers

    def tell(self, sample: Sample, *, live: bool = False) -> asyncio.Future[Taxonomy]:
        future: asyncio.Future[Taxonomy] = asyncio.get_running_loop().create_future()
        self.futures.append(future)
        if self._error is not None:
            future.set_exception(self._error)
        elif self._answers:
            future.set_result(taxonomy(int(sample.pixels[0, 0, 0]) / 255))
        return future

    def close(self) -> None:
        self.closed = True


async def test_every_sample_in_its_place() -> None:
    source = ScriptedSource([Status(State.LIVE, info=_INFO), sample(0.2), sample(0.8, number=1), ENDED])
    lane = Lane()
    looked = await look_at(source, lane)
    assert [(look.position_s, look.gore.prob) for look in looked.looks] == [(0.0, 0.2), (0.5, 0.8)]
    assert looked.info is _INFO
    assert source.clean
    assert lane.closed


async def test_what_is_wrong_with_the_source_is_raised() -> None:
    failed = Status(State.FAILED, failure=Failure(NotMedia.code, "It is none."))
    source, lane = ScriptedSource([sample(), failed]), Lane(answers=False)
    with pytest.raises(NotMedia, match="It is none"):
        await look_at(source, lane)
    await turns()
    assert source.clean
    assert lane.closed


async def test_what_is_wrong_with_the_scorer_is_raised() -> None:
    source, lane = ScriptedSource([sample(), sample(number=1), ENDED]), Lane(ScoringFailed("no room"))
    with pytest.raises(ScoringFailed):
        await look_at(source, lane)
    await turns()
    assert source.clean


async def test_it_can_be_given_up() -> None:
    source, lane = ScriptedSource([sample()], open_end=True), Lane(answers=False)
    looking = asyncio.ensure_future(look_at(source, lane))
    await source.silent.wait()
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    await turns()
    assert source.clean
    assert lane.closed
