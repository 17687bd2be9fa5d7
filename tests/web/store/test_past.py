"""What a replay asks the store for: how much there is, blocks in pages, and what people said."""

import pytest

from inference.verdicts import Verdict as Stretch
from tests.web.store.test_blocks import wave
from tests.web.whatif.past import START_S, Camera, an_id, blocks_of
from web.store import media, scores
from web.store.blocks import MOST_SAMPLES
from web.store.kept import MediaFilter, Verdict
from web.store.reviewed import verdicts
from web.store.scores import Size
from web.store.store import Store


async def test_sizes_are_told_with_what_was_thinned_out(store: Store) -> None:
    async with store.writing() as tx:
        await scores.put(tx, blocks_of("med_a", wave(MOST_SAMPLES + 44)))
        await scores.put(tx, blocks_of("med_b", wave(9), step_s=10.0))
        whole = Size(samples=MOST_SAMPLES + 44, blocks=2)
        thinned = Size(samples=9, blocks=1, thinned=True)
        assert await scores.sizes(tx, ["med_a", "med_b", "med_c"]) == {"med_a": whole, "med_b": thinned}
        assert await scores.size(tx, "med_a") == whole
        assert await scores.size(tx, "med_c") == Size()
        assert await scores.size(tx, "med_a", from_s=MOST_SAMPLES / 2) == Size(samples=44, blocks=1)


async def test_blocks_come_in_pages(store: Store) -> None:
    blocks = tuple(blocks_of("med_a", wave(5 * MOST_SAMPLES)))
    async with store.writing() as tx:
        await scores.put(tx, blocks)
        first = await scores.page(tx, "med_a", after_s=None, limit=3)
        assert first == blocks[:3]
        assert await scores.page(tx, "med_a", after_s=first[-1].first_s, limit=3) == blocks[3:]
        assert await scores.page(tx, "med_a", after_s=None, limit=9, from_s=130.0, to_s=260.0) == blocks[1:3]


async def test_stretches_are_those_that_were_reviewed_the_newest_first_to_count(store: Store) -> None:
    camera = Camera(store)
    media_id, other = await camera.media(1, [0.1]), await camera.media(2, [0.1])
    await camera.reviewed(media_id, 1, 5.0, 9.0, Verdict.CONFIRMED)
    await camera.reviewed(media_id, 2, 15.0, 19.0, Verdict.DISMISSED)
    await camera.reviewed(other, 3, 1.0, 2.0, Verdict.CONFIRMED)
    first, second = Stretch(5.0, 9.0, confirmed=True), Stretch(15.0, 19.0, confirmed=False)
    async with store.reading() as tx:
        assert await verdicts(tx, [media_id, "med_0"], limit=9) == {media_id: (first, second)}
        assert await verdicts(tx, [media_id], limit=1) == {media_id: (second,)}
        assert set(await verdicts(tx, [media_id, other], limit=9)) == {media_id, other}


async def test_media_of_several_streams_are_listed_together(store: Store) -> None:
    ids = [await Camera(store, stream=at).media(at, [0.1], unix_s=START_S + at) for at in range(3)]
    some = MediaFilter(stream_ids=frozenset({an_id("str", 0), an_id("str", 2)}))
    async with store.reading() as tx:
        found = await media.listed(tx, limit=9, wanted=some)
    assert [kept.facts.ref.media_id for kept in found] == [ids[2], ids[0]]


@pytest.mark.parametrize("media_ids", [[], ["med_0"]])
async def test_nothing_is_known_of_nothing(store: Store, media_ids: list[str]) -> None:
    async with store.reading() as tx:
        assert await scores.sizes(tx, media_ids) == {}
        assert await verdicts(tx, media_ids, limit=9) == {}
