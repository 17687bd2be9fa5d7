"""What runs on nodes of Ray, in the process of the test: hosts score for others as they are told of each other."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from inference.scorer import SampleDropped, Scorer
from stream.ice import IceOptions
from stream.setup import WorkerLimits
from tests.inference.fakes import FakeModel
from tests.until import until
from tests.web.cluster.hosting.lent import DETECTOR, borrowed, sample
from tests.web.cluster.hosting.making import Way
from web.cluster.hosting.actors import HostActor, RayHost, RayScorer
from web.cluster.hosting.lending import Lender
from web.cluster.hosting.parts import HostOptions, OpenHost

OPTIONS = HostOptions(
    model=None, provider="cpu", variant="auto", limits=WorkerLimits(), ice=IceOptions(), release="1.0", cpus=1.0
)


class Actor(HostActor):
    """One whose parts are the test's."""

    def __init__(self, opened: OpenHost) -> None:
        super().__init__(OPTIONS)
        self._made = opened

    @asynccontextmanager
    async def opening(self) -> AsyncIterator[OpenHost]:
        yield self._made


@dataclass(frozen=True, slots=True)
class _Method:
    call: Callable[..., Awaitable[object]]

    def remote(self, *arguments: object) -> "asyncio.Future[object]":
        return asyncio.ensure_future(self.call(*arguments))


class Handle:
    """What Ray gives for an actor."""

    def __init__(self, actor: HostActor) -> None:
        self._actor = actor

    def __getattr__(self, name: str) -> _Method:
        return _Method(partial(getattr(self._actor, name)))


async def test_a_host_borrows_the_detectors_of_those_that_it_is_told_of_and_of_no_others() -> None:
    lanes = borrowed()
    async with Scorer(FakeModel()) as scorer:
        lender = Handle(Actor(OpenHost(Way().host, lender=Lender(scorer, DETECTOR))))
        service = RayHost(Handle(Actor(OpenHost(Way().host, borrowed=lanes))), {"a": lender})
        try:
            assert await service.begin(1)
            assert await RayHost(lender, {}).begin(1)
            await until(lambda: lanes.scorers == 1)
            assert await lanes.lane().submit(sample(51), live=True) == pytest.approx(0.2)
            service.know({})
            await until(lambda: lanes.scorers == 0)
            with pytest.raises(SampleDropped, match="no_scorer"):
                await lanes.lane().submit(sample(51), live=True)
            service.know({"a": lender})
            await until(lambda: lanes.scorers == 1)
        finally:
            await lanes.aclose()


async def test_a_host_that_is_started_anew_is_told_of_scorers_as_it_begins() -> None:
    lanes = borrowed()
    async with Scorer(FakeModel()) as scorer:
        lender = Handle(Actor(OpenHost(Way().host, lender=Lender(scorer, DETECTOR))))
        service = RayHost(Handle(Actor(OpenHost(Way().host, borrowed=lanes))), {})
        try:
            assert await RayHost(lender, {}).begin(1)
            service.scorers = {"a": lender}
            assert await service.begin(1)
            await until(lambda: lanes.scorers == 1)
        finally:
            await lanes.aclose()


async def test_a_host_without_a_detector_scores_for_nobody() -> None:
    lanes = borrowed()
    other: Any = Handle(Actor(OpenHost(Way().host, borrowed=lanes)))
    assert await RayHost(other, {}).begin(1)
    with pytest.raises(RuntimeError, match="it has no detector"):
        await RayScorer(other).score(DETECTOR, sample(1).pixels[None], (False,))
