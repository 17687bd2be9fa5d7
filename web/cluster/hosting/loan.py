"""One scorer elsewhere, as a host that borrows it sees it: asked, given up when it does not answer, and tried again."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence

from .lending import ANSWER_S, Answer, Detector, Pictures, Refused, RemoteScorer
from .reasons import why
from .underway import UnderWay

_SILENT_S = ANSWER_S + 1.0
"""Later than this an answer is not waited for."""
_PAUSE_S = 0.5
_log = logging.getLogger("gorewatch.host")


class ScorerLost(Exception):
    """It does not answer, or scores by another detector."""


class Loan:
    """Lives on one event loop; `run` keeps it going. `changed` is called when it may be asked, or may no more."""

    def __init__(
        self,
        scorer_id: str,
        remote: RemoteScorer,
        detector: Detector,
        *,
        nothing: Pictures,
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`nothing` is a batch of no pictures."""
        self.ready = False
        self.under_way = UnderWay()
        self._id = scorer_id
        self._remote = remote
        self._detector = detector
        self._nothing = nothing
        self._changed = changed
        self._clock = clock
        self._lost = asyncio.Event()
        self._trouble = ""
        """Why it is not asked, as it was told last."""

    async def run(self) -> None:
        """Until cancelled. One that cannot be reached, or has another detector, is tried again and again."""
        while True:
            try:
                await self._asked(self._nothing, ())
            except ScorerLost as error:
                self._tell(str(error))
            else:
                await self._go_on()
            await asyncio.sleep(_PAUSE_S)

    def ask(self, pictures: Pictures, told: Sequence[bool]) -> Coroutine[None, None, tuple[Answer, ...]]:
        """As `Lender.score`; the pictures are under way at once. Raises `ScorerLost`, when awaited."""
        self.under_way.sent(len(pictures))
        return self._ask(pictures, told)

    async def _ask(self, pictures: Pictures, told: Sequence[bool]) -> tuple[Answer, ...]:
        count, began_s, answers = len(pictures), self._clock(), None
        try:
            answers = await self._asked(pictures, told)
            return answers
        except ScorerLost as error:
            self._tell(str(error))
            self.ready = False
            self._lost.set()
            raise
        finally:
            if answers is None:
                self.under_way.lost(count)
            else:
                self.under_way.answered(count, self._clock() - began_s)

    async def _asked(self, pictures: Pictures, told: Sequence[bool]) -> tuple[Answer, ...]:
        try:
            async with asyncio.timeout(_SILENT_S):
                answers = await self._remote.score(self._detector, pictures, told)
        except Exception as error:  # whatever the engine raises, the scorer is not there
            raise ScorerLost(why(error)) from error
        if isinstance(answers, Refused):
            raise ScorerLost(f"it has the detector {answers.has}, and this host needs {self._detector}")
        return answers

    async def _go_on(self) -> None:
        """As long as it answers."""
        self._lost.clear()
        self.ready, self._trouble = True, ""
        _log.info("samples are scored by %s", self._id)
        try:
            self._changed()
            await self._lost.wait()
        finally:
            self.ready = False
            self._changed()

    def _tell(self, why: str) -> None:
        if why != self._trouble:
            _log.error("samples are not scored by %s: %s", self._id, why)
        self._trouble = why
