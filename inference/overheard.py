"""A lane that scores for a pipeline and lets somebody else hear all that the detector tells of each sample."""

import asyncio
from collections import deque
from collections.abc import Callable

from inference.looking import Tells
from inference.taxonomy import Taxonomy
from stream.sample import Sample


class Overheard:
    """An `inference.pipeline.Scores`.

    `hear` is called with position and taxonomy of every sample that is scored, in the order in which they were
    submitted, whatever order threads finish in, and before the pipeline goes on with it. It must not block.
    """

    def __init__(self, lane: Tells, hear: Callable[[float, Taxonomy], None]) -> None:
        self._lane = lane
        self._hear = hear
        self._asked: deque[tuple[float, asyncio.Future[Taxonomy]]] = deque()

    def submit(self, sample: Sample, *, live: bool) -> asyncio.Future[float]:
        told = self._lane.tell(sample, live=live)
        score: asyncio.Future[float] = told.get_loop().create_future()
        self._asked.append((sample.position_s, told))
        told.add_done_callback(lambda _: self._pass_on())
        told.add_done_callback(lambda _: _settle(score, told))
        score.add_done_callback(lambda _: told.cancel())
        return score

    def close(self) -> None:
        self._lane.close()

    def _pass_on(self) -> None:
        while self._asked and self._asked[0][1].done():
            position_s, told = self._asked.popleft()
            if not told.cancelled() and told.exception() is None:
                self._hear(position_s, told.result())


def _settle(score: asyncio.Future[float], told: asyncio.Future[Taxonomy]) -> None:
    if score.done():
        return
    if told.cancelled():
        score.cancel()
    elif (error := told.exception()) is not None:
        score.set_exception(error)
    else:
        score.set_result(told.result().prob)
