"""Blocks of scores by day, and where a store has them."""

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import text

from stream.ids import make_id
from tests.web.store.test_blocks import wave
from web.store import partitions, scores
from web.store.blocks import Judged
from web.store.days import name_of
from web.store.scores import Block, block_of
from web.store.store import Store

DAY_S = 86_400.0
TODAY = 20_786
NOW_S = TODAY * DAY_S + 3600.0


def media_of(age_days: float, number: int = 0) -> str:
    return make_id("med", int((NOW_S - age_days * DAY_S) * 1000), number.to_bytes(11, "big"))


def block(media_id: str, first: int, *, age_days: float) -> Block:
    """Ten samples."""
    return block_of(media_id, wave(400)[first : first + 10], at_s=NOW_S - age_days * DAY_S)


async def put(store: Store, *blocks: Block) -> None:
    async with store.writing() as tx:
        await scores.put(tx, blocks)


async def read(store: Store, media_id: str) -> list[Judged]:
    async with store.reading() as tx:
        return await scores.read(tx, media_id)


async def days(store: Store) -> list[int]:
    """Those that have partitions, from today on."""
    async with store.reading() as tx:
        return sorted(day - TODAY for day in await partitions.there(tx))


async def places(store: Store) -> Mapping[str, int]:
    """How many blocks are in which partition."""
    async with store.reading() as tx:
        return Counter(await tx.scalars(text("SELECT tableoid::regclass::text FROM scores")))


def at(day: int) -> str:
    return name_of(TODAY + day)


async def make_days(store: Store, *ages_days: int) -> None:
    for age in ages_days:
        await partitions.make_ahead(store, now_s=NOW_S - age * DAY_S)
