"""Questions to the past: their deadline and turns, how much they may judge, and what each process is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from inference.policy import Policy
from inference.summary import MediaRef
from stream.errors import Failure
from tests.web.whatif.past import START_S, Camera, an_id
from tests.web.whatif.test_judges import WITHIN_S, FakeJudge
from web.store import media
from web.store.errors import StoreError
from web.store.kept import MediaEnd, MediaFilter
from web.store.store import Store
from web.whatif.judges import Judges
from web.whatif.messages import Answer, NextMedia, Order
from web.whatif.process import Judge
from web.whatif.replays import AlreadyAsking, Replays, TakesTooLong, TooMuch

REF = MediaRef("req_1", an_id("med", 1), "rtsp://camera/live")


class Listening(FakeJudge):
    """Notes what it is told; its answers come once `ready` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Order] = []
        self.blocks: list[bytes] = []
        self.ready = asyncio.Event()

    async def tell(self, order: Order) -> None:
        self.told.append(order)

    async def give(self, block: bytes) -> None:
        self.blocks.append(block)

    async def answer(self) -> Answer:
        await self.ready.wait()
        return await super().answer()

    @property
    def media(self) -> list[NextMedia]:
        return [order for order in self.told if isinstance(order, NextMedia)]


@asynccontextmanager
async def asking(
    store: Store,
    judge: Listening,
    *,
    most_samples: int = 1_000_000,
    flush_fails: bool = False,
    judged: dict[str, int] | None = None,
) -> AsyncIterator[Replays]:
    async def spawn() -> Judge:
        return judge

    async def flush() -> None:
        if flush_fails:
            raise StoreError("The disk is full.")

    judges = Judges(spawn=spawn)
    try:
        yield Replays(
            store,
            judges,
            flush=flush,
            judged=lambda: judged or {},
            most_samples=most_samples,
            clock=lambda: START_S,
        )
    finally:
        await judges.aclose()


async def test_what_takes_too_long_is_given_up_and_its_process_ended(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = Listening()
    async with asking(store, judge) as replays:
        # On a busy machine the first of these may be over before the question comes as far as a judge.
        for deadline_s in (0.05, 0.5, 5.0, WITHIN_S):
            monkeypatch.setattr(replays, "_deadline_s", deadline_s)
            with pytest.raises(TakesTooLong, match=rf"{deadline_s:g} s"):
                await replays.of_range("key", MediaFilter(), [Policy()])
            if judge.told:
                break
        assert judge.closed.is_set()
        # It is the next one's turn, which may take its time.
        monkeypatch.setattr(replays, "_deadline_s", WITHIN_S)
        judge.ready.set()
        assert (await replays.of_range("key", MediaFilter(), [Policy()])).samples == 0


async def test_who_asks_has_to_wait_for_the_answer(store: Store) -> None:
    judge = Listening()
    async with asking(store, judge) as replays:
        first = asyncio.create_task(replays.of_range("key", MediaFilter(), [Policy()]))
        async with asyncio.timeout(WITHIN_S):
            while True:
                if judge.told:
                    break
                await asyncio.sleep(0)
        with pytest.raises(AlreadyAsking):
            await replays.of_range("key", MediaFilter(), [Policy()])
        judge.ready.set()
        await first
        await replays.of_range("key", MediaFilter(), [Policy()])


async def test_all_blocks_of_all_media_are_given_newest_media_first(store: Store) -> None:
    camera, judge = Camera(store), Listening()
    judge.ready.set()
    long = await camera.media(1, [0.1] * 20_000, unix_s=START_S)
    short = await camera.media(2, [0.1] * 10, unix_s=START_S + 1)
    async with asking(store, judge) as replays:
        found = await replays.of_range(None, MediaFilter(), [Policy()])
    assert [told.media.ref.media_id for told in judge.media] == [short, long]
    assert len(judge.blocks) == 1 + 79
    assert found.samples == 20_010


async def test_samples_are_counted_times_policies(store: Store) -> None:
    camera, judge = Camera(store), Listening()
    judge.ready.set()
    await camera.media(1, [0.1] * 600, unix_s=START_S)
    await camera.media(2, [0.1] * 400, unix_s=START_S + 1)
    async with asking(store, judge, most_samples=2000) as replays:
        await replays.of_range(None, MediaFilter(), [Policy()] * 2)
        with pytest.raises(TooMuch) as one_fits:
            await replays.of_range(None, MediaFilter(), [Policy()] * 3)
        assert (one_fits.value.most, one_fits.value.fits_since_s) == (666, START_S + 1)
        with pytest.raises(TooMuch) as none_fits:
            await replays.of_range(None, MediaFilter(), [Policy()] * 6)
        assert none_fits.value.fits_since_s is None


@pytest.mark.parametrize("code", ["interrupted", "timeout"])
async def test_a_service_that_broke_off_took_scores_with_it(store: Store, code: str) -> None:
    camera, judge = Camera(store), Listening()
    judge.ready.set()
    media_id = await camera.media(1, [0.1] * 10)
    end = MediaEnd(finished_s=9.0, operations=10, prob=0.1, summary=None, failure=Failure(code, "It broke off."))
    async with store.writing() as tx:
        await media.end(tx, media_id, end)
    async with asking(store, judge) as replays:
        await replays.of_range(None, MediaFilter(), [Policy()])
    recorded = judge.media[0].media
    assert recorded.whole is (code == "timeout")
    assert (recorded.failure, recorded.timestamp_s) == (end.failure, 9.0)


async def test_while_the_store_cannot_be_written_what_is_missing_is_known(store: Store) -> None:
    camera, judge = Camera(store), Listening()
    judge.ready.set()
    media_id = await camera.media(1, [0.1] * 10)
    async with asking(store, judge, flush_fails=True, judged={media_id: 12}) as replays:
        await replays.of_range(None, MediaFilter(), [Policy()])
    assert judge.media[0].media.operations == 12
