"""Processes that judge: kept for the next question, ended when none comes, when one is broken off, and at the end."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.servers.service import is_running
from tests.until import until
from tests.web.store.test_blocks import wave
from tests.web.whatif.past import blocks_of
from tests.web.whatif.test_judging import BLOCKS, MEDIA, POLICIES, judged
from web.whatif.judges import Judges
from web.whatif.messages import Answer, Begin, End, NextMedia, Order
from web.whatif.process import Judge, JudgeLost, JudgeProcess

WITHIN_S = 20.0


class FakeJudge:
    """Does nothing, and notes whether it was ended."""

    def __init__(self) -> None:
        self.alive = True
        self.closed = asyncio.Event()

    async def tell(self, order: Order) -> None:
        pass

    async def give(self, block: bytes) -> None:
        pass

    async def answer(self) -> Answer:
        return Answer(outcomes=(), exact=True, last=None)

    async def aclose(self) -> None:
        self.alive = False
        self.closed.set()


class Fakes:
    def __init__(self) -> None:
        self.made: list[FakeJudge] = []

    async def spawn(self) -> Judge:
        self.made.append(FakeJudge())
        return self.made[-1]


async def test_one_is_kept_for_the_next_question_and_two_are_two() -> None:
    fakes = Fakes()
    judges = Judges(spawn=fakes.spawn)
    async with judges.one() as first:
        pass
    async with judges.one() as again, judges.one() as second:
        assert again is first
        assert second is not first
    assert judges.idle == len(fakes.made) == 2
    await judges.aclose()
    assert all(fake.closed.is_set() for fake in fakes.made)
    assert judges.idle == 0


async def test_one_that_nobody_wants_is_ended() -> None:
    fakes = Fakes()
    judges = Judges(spawn=fakes.spawn, idle_s=0.0)
    async with judges.one():
        pass
    await asyncio.wait_for(fakes.made[0].closed.wait(), WITHIN_S)
    assert judges.idle == 0
    await judges.aclose()


async def test_one_that_died_while_it_waited_is_replaced() -> None:
    fakes = Fakes()
    judges = Judges(spawn=fakes.spawn)
    async with judges.one():
        pass
    fakes.made[0].alive = False
    async with judges.one() as judge:
        assert judge is fakes.made[1]
    assert fakes.made[0].closed.is_set()
    await judges.aclose()


async def test_a_question_that_is_broken_off_ends_its_process() -> None:
    fakes = Fakes()
    judges = Judges(spawn=fakes.spawn)
    with pytest.raises(ZeroDivisionError):
        async with judges.one():
            raise ZeroDivisionError
    asking = asyncio.Event()

    async def ask() -> None:
        async with judges.one():
            asking.set()
            await asyncio.Event().wait()

    question = asyncio.create_task(ask())
    await asking.wait()
    question.cancel()
    await asyncio.wait({question})
    assert [fake.closed.is_set() for fake in fakes.made] == [True, True]
    assert judges.idle == 0


async def test_a_question_that_outlasts_the_end_leaves_nothing() -> None:
    fakes = Fakes()
    judges = Judges(spawn=fakes.spawn)
    async with judges.one():
        await judges.aclose()
    assert fakes.made[0].closed.is_set()


async def asked(judge: Judge) -> Answer:
    await judge.tell(Begin(POLICIES, 3.0))
    await judge.tell(NextMedia(MEDIA))
    for block in BLOCKS:
        await judge.give(block)
    await judge.tell(End())
    return await judge.answer()


async def spawned() -> JudgeProcess:
    return await JudgeProcess.spawn()


async def test_a_process_answers_one_question_after_the_other_and_leaves_no_descriptor() -> None:
    before = descriptors()
    judge = await spawned()
    try:
        for _ in range(2):
            answer = await asyncio.wait_for(asked(judge), WITHIN_S)
            assert list(answer.outcomes) == judged(MEDIA, BLOCKS).outcomes
        assert judge.alive
        assert os.getpriority(os.PRIO_PROCESS, judge.pid) > os.getpriority(os.PRIO_PROCESS, 0) or os.nice(0) >= 10
    finally:
        await judge.aclose()
    assert not is_running(judge.pid)
    await until(lambda: descriptors() == before)


async def test_a_process_that_is_killed_is_lost_and_does_not_hang() -> None:
    judge = await spawned()
    try:
        os.kill(judge.pid, signal.SIGKILL)
        with pytest.raises(JudgeLost):
            await asyncio.wait_for(asked(judge), WITHIN_S)
    finally:
        await judge.aclose()


async def test_a_process_that_is_told_nonsense_is_lost() -> None:
    judge = await spawned()
    try:
        await judge.tell(End())
        with pytest.raises(JudgeLost):
            await asyncio.wait_for(judge.answer(), WITHIN_S)
    finally:
        await judge.aclose()


async def test_a_process_ends_in_the_middle_of_judging_when_the_service_goes() -> None:
    judge = await spawned()
    try:
        # About as long as a test may take.
        await judge.tell(Begin(POLICIES * 50, 3.0))
        await judge.tell(NextMedia(MEDIA))
        for block in blocks_of("med_1", wave(100_000)):
            await judge.give(block.data)
        await judge.tell(End())
        # What the kernel does when a process is gone.
        judge._writer.transport.abort()
        await until(lambda: not is_running(judge.pid))
    finally:
        await judge.aclose()


def descriptors() -> set[str]:
    """Open ones of this process."""
    return {path.name for path in Path("/proc/self/fd").iterdir()}
