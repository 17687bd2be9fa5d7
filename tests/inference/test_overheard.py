"""A lane that is listened in on scores as any other, and what is heard is heard in order."""

import asyncio
import time

import numpy as np
import pytest

from inference.overheard import Overheard
from inference.scorer import SampleDropped
from inference.taxonomy import Taxonomy, taxonomy
from stream.sample import Sample


class Lane:
    """Answers when the test says so."""

    def __init__(self) -> None:
        self.told: list[asyncio.Future[Taxonomy]] = []
        self.live: list[bool] = []
        self.closed = False

    def tell(self, sample: Sample, *, live: bool = False) -> asyncio.Future[Taxonomy]:
        self.told.append(asyncio.get_running_loop().create_future())
        self.live.append(live)
        return self.told[-1]

    def close(self) -> None:
        self.closed = True


def sample(number: int) -> Sample:
    return Sample(np.zeros((4, 4, 3), np.uint8), float(number), time.monotonic(), 0, number)


async def test_what_is_heard_is_in_order_whatever_order_it_came_in() -> None:
    lane, heard = Lane(), []
    overheard = Overheard(lane, lambda at_s, gore: heard.append((at_s, gore.prob)))
    scores = [overheard.submit(sample(number), live=True) for number in range(3)]
    for number in (2, 0, 1):
        lane.told[number].set_result(taxonomy(number / 10))
    assert await asyncio.gather(*scores) == [0.0, 0.1, 0.2]
    assert heard == [(0.0, 0.0), (1.0, 0.1), (2.0, 0.2)]
    assert lane.live == [True] * 3


async def test_it_is_heard_before_who_submitted_it_goes_on() -> None:
    lane, heard = Lane(), []
    score = Overheard(lane, lambda at_s, _: heard.append(at_s)).submit(sample(0), live=False)
    lane.told[0].set_result(taxonomy(0.5))
    await score
    assert heard == [0.0]


async def test_what_is_dropped_is_not_heard_and_holds_nothing_up() -> None:
    lane, heard = Lane(), []
    overheard = Overheard(lane, lambda at_s, _: heard.append(at_s))
    dropped, cancelled, scored = (overheard.submit(sample(number), live=True) for number in range(3))
    lane.told[0].set_exception(SampleDropped("newer"))
    cancelled.cancel()
    lane.told[2].set_result(taxonomy(0.5))
    with pytest.raises(SampleDropped):
        await dropped
    assert await scored == 0.5
    await asyncio.sleep(0)
    assert lane.told[1].cancelled()
    assert heard == [2.0]
    overheard.close()
    assert lane.closed
