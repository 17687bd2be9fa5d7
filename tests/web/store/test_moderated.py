"""Media, incidents, reviews, views and scores in the store."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from inference.incidents import Incident
from inference.policy import Policy
from inference.summary import MediaRef
from stream.errors import Failure
from stream.ids import make_id
from tests.web.store.test_blocks import wave
from web.store import incidents, media, reviews, scores, views
from web.store.blocks import MOST_SAMPLES
from web.store.errors import StoreError
from web.store.kept import (
    IncidentFilter,
    KeptIncident,
    KeptMedia,
    LatestReview,
    MediaEnd,
    MediaFacts,
    MediaFilter,
    MediaPicture,
    Review,
    Verdict,
    View,
)
from web.store.scores import block_of
from web.store.store import Store


def made(prefix: str, unix_s: float, number: int = 0) -> str:
    """An id of that time."""
    return make_id(prefix, int(unix_s * 1000), number.to_bytes(11, "big"))


def facts(unix_s: float = 100.0, *, number: int = 0, owner: str | None = "1", stream: str = "str_a") -> MediaFacts:
    return MediaFacts(
        ref=MediaRef(f"req_{number}", made("med", unix_s, number), "rtsp://h/\N{SNOWMAN}"),
        stream_id=stream,
        owner=owner,
        name="door",
        policy=Policy(fps=3.0, decode="keyframes"),
        started_s=unix_s,
    )


def kept(unix_s: float = 100.0, *, number: int = 0, owner: str | None = "1", stream: str = "str_a") -> KeptIncident:
    return KeptIncident(
        incident=Incident(made("inc", unix_s, number), 5.0, None, 0.6, 5.5),
        media_id="med_a",
        stream_id=stream,
        owner=owner,
        started_s=unix_s,
    )


async def test_a_media_comes_back_as_it_went_in(store: Store) -> None:
    first = facts()
    bare = replace(facts(number=1, owner=None), policy=None)
    picture = MediaPicture(codec="h264", width=1280, height=720, fps=None)
    end = MediaEnd(finished_s=130.0, operations=60, prob=0.75, summary='{"status":"success"}')
    failed = MediaEnd(finished_s=131.0, operations=0, prob=None, summary="{}", failure=Failure("timeout", "“Gone”."))
    async with store.writing() as tx:
        await media.add(tx, [first, bare])
        assert await media.find(tx, first.ref.media_id) == KeptMedia(facts=first, region="default")
        await media.add(tx, [replace(first, name="other")])
        await media.describe(tx, first.ref.media_id, picture)
        assert await media.running(tx) == (
            KeptMedia(facts=first, picture=picture, region="default"),
            KeptMedia(facts=bare, region="default"),
        )
        await media.end(tx, first.ref.media_id, end)
        await media.end(tx, bare.ref.media_id, failed)
        assert await media.find(tx, first.ref.media_id) == KeptMedia(
            facts=first, picture=picture, end=end, region="default"
        )
        assert await media.find(tx, bare.ref.media_id) == KeptMedia(facts=bare, end=failed, region="default")
        assert await media.find(tx, "med_b") is None
        assert await media.running(tx) == ()


async def test_what_a_database_has_no_place_for_does_not_stop_it(store: Store) -> None:
    odd = replace(facts(), ref=replace(facts().ref, uri="a\0b"))
    async with store.writing() as tx:
        await media.add(tx, [odd])
        await media.describe(tx, odd.ref.media_id, MediaPicture(codec="x" * 99, width=1, height=1, fps=1.0))
        found = await media.find(tx, odd.ref.media_id)
        assert found is not None
        assert found.facts.ref.uri == "a�b"


async def test_a_policy_that_is_none_any_more_is_not_known(store: Store) -> None:
    async with store.writing() as tx:
        await media.add(tx, [facts(number=0), facts(number=1)])
        await tx.execute(
            text("UPDATE media SET policy = :policy WHERE request_id = 'req_0'"), {"policy": '{"fps": 99.0}'}
        )
        await tx.execute(
            text("UPDATE media SET policy = :policy WHERE request_id = 'req_1'"), {"policy": '{"fps": 9.0, "lost": 1}'}
        )
        policies = [one.facts.policy for one in await media.running(tx)]
    assert policies == [None, Policy(fps=9.0)]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (MediaFilter(), [4, 3, 2, 1, 0]),
        (MediaFilter(owners=frozenset({None})), [1]),
        (MediaFilter(owners=frozenset({None, "2"})), [2, 1]),
        (MediaFilter(owners=frozenset()), []),
        (MediaFilter(stream_id="str_b"), [3]),
        (MediaFilter(since_s=102.0), [4, 3, 2]),
        (MediaFilter(since_s=102.0, until_s=104.0), [3, 2]),
    ],
)
async def test_media_are_listed_newest_first(store: Store, wanted: MediaFilter, expected: list[int]) -> None:
    given = [
        facts(100.0 + number, number=number, owner={1: None, 2: "2"}.get(number, "1"), stream=f"str_{'aaaba'[number]}")
        for number in range(5)
    ]
    async with store.writing() as tx:
        await media.add(tx, given)
        page = [one.facts for one in await media.listed(tx, limit=10, wanted=wanted)]
        assert page == [given[number] for number in expected]
        last = None
        for one in page:
            [next_one] = await media.listed(tx, limit=1, wanted=wanted, before_id=last)
            assert next_one.facts == one
            last = one.ref.media_id
        assert await media.listed(tx, limit=1, wanted=wanted, before_id=last or "") == ()


async def test_an_incident_grows_and_nothing_undoes_that(store: Store) -> None:
    first = kept()
    peak = replace(first, incident=replace(first.incident, peak=0.9, peak_position_s=7.0))
    ended = replace(first, incident=replace(peak.incident, end_s=9.0))
    async with store.writing() as tx:
        for told in (first, peak, ended, first, peak, replace(ended, started_s=999.0)):
            await incidents.put(tx, [told])
        assert await incidents.find(tx, first.incident.id) == ended
        assert await incidents.find(tx, "inc_0") is None


async def test_the_newest_review_counts_and_all_are_kept(store: Store) -> None:
    one = kept()
    given = [
        Review(
            id=f"rev_{number}",
            incident_id=one.incident.id,
            verdict=verdict,
            note=note,
            reviewed_by="key 1",
            at_s=200.0 + number,
        )
        for number, (verdict, note) in enumerate([(Verdict.CONFIRMED, "It is."), (Verdict.DISMISSED, None)])
    ]
    async with store.writing() as tx:
        assert not await reviews.add(tx, given[0])
        await incidents.put(tx, [one])
        for review in given:
            assert await reviews.add(tx, review)
        await incidents.put(tx, [one])
        assert await reviews.listed(tx, one.incident.id, limit=10) == (given[1], given[0])
        assert await reviews.listed(tx, one.incident.id, limit=1) == (given[1],)
        found = await incidents.find(tx, one.incident.id)
    newest = LatestReview(verdict=Verdict.DISMISSED, note=None, reviewed_by="key 1", at_s=201.0)
    assert found == replace(one, review=newest)


async def test_the_picture_of_a_peak_is_noted(store: Store) -> None:
    one = kept()
    async with store.writing() as tx:
        assert not await incidents.set_picture(tx, one.incident.id, "/data/a.jpg")
        await incidents.put(tx, [one])
        assert await incidents.set_picture(tx, one.incident.id, "/data/a.jpg")
        await incidents.put(tx, [one])
        assert await incidents.find(tx, one.incident.id) == replace(one, picture="/data/a.jpg")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (IncidentFilter(), [4, 3, 2, 1, 0]),
        (IncidentFilter(owners=frozenset({None})), [1]),
        (IncidentFilter(stream_id="str_b"), [3]),
        (IncidentFilter(media_id="med_a"), [4, 3, 2, 1, 0]),
        (IncidentFilter(media_id="med_b"), []),
        (IncidentFilter(state="open"), [4, 2, 0]),
        (IncidentFilter(state="ended"), [3, 1]),
        (IncidentFilter(verdict=Verdict.CONFIRMED), [2]),
        (IncidentFilter(verdict=Verdict.DISMISSED), []),
        (IncidentFilter(verdict="none", state="open"), [4, 0]),
        (IncidentFilter(since_s=101.0, until_s=103.0), [2, 1]),
    ],
)
async def test_incidents_are_listed_newest_first(store: Store, wanted: IncidentFilter, expected: list[int]) -> None:
    given = [
        kept(100.0 + number, number=number, owner={1: None}.get(number, "1"), stream=f"str_{'aaaba'[number]}")
        for number in range(5)
    ]
    async with store.writing() as tx:
        await incidents.put(tx, given)
        for number in (1, 3):
            await incidents.put(tx, [replace(given[number], incident=replace(given[number].incident, end_s=6.0))])
        review = Review(
            id="rev_0", incident_id=given[2].incident.id, verdict=Verdict.CONFIRMED, reviewed_by="x", at_s=1.0
        )
        await reviews.add(tx, review)
        page = [one.incident.id for one in await incidents.listed(tx, limit=10, wanted=wanted)]
        assert page == [given[number].incident.id for number in expected]
        last = None
        for incident_id in page:
            [one] = await incidents.listed(tx, limit=1, wanted=wanted, before_id=last)
            assert one.incident.id == incident_id
            last = incident_id
        assert await incidents.listed(tx, limit=1, wanted=wanted, before_id=last or "") == ()


async def test_views_of_clear_pictures_are_listed_newest_first(store: Store) -> None:
    given = [
        View(
            id=f"viw_{number}",
            kind="thumbnail" if number % 2 else "preview",
            subject=f"inc_{number % 2}",
            owner=None if number == 2 else "1",
            viewed_by="2",
            at_s=float(number),
        )
        for number in range(4)
    ]
    async with store.writing() as tx:
        for view in given:
            await views.add(tx, view)
        assert await views.listed(tx, limit=10) == tuple(reversed(given))
        assert await views.listed(tx, limit=10, subject="inc_0") == (given[2], given[0])
        assert await views.listed(tx, limit=1, before_id="viw_2") == (given[1],)


async def test_scores_come_back_exactly_and_by_range(store: Store) -> None:
    samples = wave(600)
    async with store.writing() as tx:
        parts = [samples[at : at + MOST_SAMPLES] for at in range(0, 600, MOST_SAMPLES)]
        await scores.put(tx, [block_of("med_a", parts[0][:10], at_s=1.0)])
        await scores.put(tx, [block_of("med_a", part, at_s=2.0) for part in parts])
        await scores.put(tx, [block_of("med_b", samples[:1], at_s=3.0)])
        assert await scores.count(tx) == 4
        assert await scores.read(tx, "med_a") == samples
        assert await scores.read(tx, "med_a", from_s=100.0, to_s=200.0) == samples[200:401]
        assert await scores.read(tx, "med_b") == samples[:1]
        assert await scores.read(tx, "med_c") == []
        await scores.forget_media(tx, "med_a")
        assert await scores.read(tx, "med_a") == []
        assert await scores.read(tx, "med_b") == samples[:1]


async def test_damaged_scores_are_said_to_be(store: Store) -> None:
    async with store.writing() as tx:
        await scores.put(tx, [replace(block_of("med_a", wave(9), at_s=1.0), data=b"\x01noise")])
    with pytest.raises(StoreError, match="scores of med_a are damaged"):
        async with store.reading() as tx:
            await scores.read(tx, "med_a")


async def test_those_of_some_ids_are_found(store: Store) -> None:
    those = [kept(float(number), number=number) for number in range(3)]
    async with store.writing() as tx:
        await incidents.put(tx, those)
        await media.add(tx, [facts(), replace(facts(number=1), name="hall")])
        wanted = [those[0].incident.id, those[2].incident.id, "inc_x"]
        assert await incidents.some(tx, wanted) == {one.incident.id: one for one in (those[0], those[2])}
        assert await incidents.some(tx, []) == {}
        first, second = facts().ref.media_id, facts(number=1).ref.media_id
        assert await media.names(tx, {first, second, "med_x"}) == {first: "door", second: "hall"}


async def test_reviews_come_in_pages(store: Store) -> None:
    one = kept()
    given = [
        Review(id=f"rev_{number}", incident_id=one.incident.id, verdict=Verdict.CONFIRMED, reviewed_by="1", at_s=0.0)
        for number in range(3)
    ]
    async with store.writing() as tx:
        await incidents.put(tx, [one])
        for review in given:
            await reviews.add(tx, review)
        assert await reviews.listed(tx, one.incident.id, limit=2) == (given[2], given[1])
        assert await reviews.listed(tx, one.incident.id, limit=2, before_id="rev_1") == (given[0],)
