"""Standing streams in the store."""

from dataclasses import replace

from inference.policy import Policy
from web.store import standing
from web.store.standing import StandingStream
from web.store.store import Store

DOOR = StandingStream(
    id="str_b",
    owner="1",
    name="door",
    address="rtsp://user:secret@camera.example/one",
    policy=Policy(fps=3.0, threshold=0.7, callback_url="https://h/é"),
    added_s=2.0,
)
YARD = replace(DOOR, id="str_c", owner=None, name="yard", added_s=1.0)


async def test_a_stream_comes_back_as_it_went_in_until_it_is_removed(store: Store) -> None:
    async with store.writing() as tx:
        await standing.add(tx, [DOOR, YARD])
        assert await standing.listed(tx) == (YARD, DOOR)
        await standing.add(tx, [replace(DOOR, added_s=9.0)])
        assert await standing.listed(tx) == (YARD, DOOR)
        await standing.remove(tx, ["str_c", "str_unknown"])
        assert await standing.listed(tx) == (DOOR,)


async def test_of_an_owners_streams_the_one_that_is_added_has_the_name(store: Store) -> None:
    others = replace(DOOR, id="str_d", owner="2"), replace(DOOR, id="str_e", owner=None)
    async with store.writing() as tx:
        await standing.add(tx, [DOOR, *others])
        newer = replace(DOOR, id="str_f", added_s=3.0)
        await standing.add(tx, [newer])
        assert set(await standing.listed(tx)) == {newer, *others}


def test_its_credentials_are_not_shown_by_accident() -> None:
    assert "secret" not in repr(DOOR)
