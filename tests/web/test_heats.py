"""Looking at kept pictures for where the detector sees something."""

import asyncio

import numpy as np
import pytest

from inference.heat import Heat
from inference.scorer import SampleDropped, ScoringFailed
from stream.errors import InternalFault, Overloaded
from stream.sample import Pixels
from tests.inference.fakes import made_heat
from web.heats import Heats


class Lane:
    """Answers by `answers`, or never where there are none left; remembers what it was given."""

    def __init__(self, *answers: Heat | Exception) -> None:
        self._answers = list(answers)
        self.given: list[Pixels] = []
        self.futures: list[asyncio.Future[Heat]] = []
        self.two_given = asyncio.Event()

    def heat(self, pixels: Pixels) -> asyncio.Future[Heat]:
        future: asyncio.Future[Heat] = asyncio.get_running_loop().create_future()
        self.given.append(pixels)
        self.futures.append(future)
        if len(self.given) == 2:
            self.two_given.set()
        if self._answers:
            answer = self._answers.pop(0)
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
        return future


GREY = np.full((70, 70, 3), 51, np.uint8)
HEAT = made_heat(GREY)


async def test_a_picture_of_another_size_is_made_to_fit() -> None:
    lane = Lane(HEAT, HEAT)
    heats = Heats(lane, (140, 70))
    assert await heats.of(GREY) is HEAT
    fitting = np.zeros((70, 140, 3), np.uint8)
    await heats.of(fitting)
    first, second = lane.given
    assert first.shape == (70, 140, 3)
    assert (first == 51).all()
    assert second is fitting


@pytest.mark.parametrize(
    ("error", "becomes"), [(SampleDropped("shutdown"), Overloaded), (ScoringFailed("nan"), InternalFault)]
)
async def test_what_goes_wrong_is_said_in_the_services_own_errors(error: Exception, becomes: type[Exception]) -> None:
    with pytest.raises(becomes):
        await Heats(Lane(error), (70, 70)).of(GREY)


async def test_who_is_not_answered_in_time_is_told_and_the_picture_is_taken_back() -> None:
    lane = Lane()
    with pytest.raises(Overloaded, match=r"within 0\.01 s"):
        await Heats(lane, (70, 70), wait_s=0.01).of(GREY)
    assert lane.futures[0].cancelled()


async def test_few_are_looked_at_at_once() -> None:
    lane = Lane()
    heats = Heats(lane, (70, 70), wait_s=60.0)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(heats.of(GREY)) for _ in range(18)]
        await asyncio.wait_for(lane.two_given.wait(), 20)
        with pytest.raises(Overloaded):
            await heats.of(GREY)
        assert len(lane.given) == 2
        for task in tasks:
            task.cancel()
