"""Several services behind a node, as one: who is asked what, and what happens when one is not there."""

import asyncio
import io
from collections import Counter
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.until import until
from tests.web.cluster.standing_in import Node, StandIn, forwarding_to, standing
from web.cluster.spreading import by_name
from web.cluster.subjects import Kind, Subject
from web.cluster.upstream import MISSING

STREAM, MEDIA, INCIDENT = (f"{prefix}_{'0' * 21}" for prefix in ("str", "med", "inc"))
SDP = {"Content-Type": "application/sdp"}
FULL: tuple[int, dict[str, object]] = (429, {"code": "too_many_streams"})


@pytest.fixture
async def three() -> AsyncIterator[list[StandIn]]:
    async with standing("one", "two", "three") as those:
        yield those


@pytest.fixture
async def node(three: list[StandIn]) -> AsyncIterator[Node]:
    async with forwarding_to([one.url for one in three]) as forwarding:
        yield forwarding


def in_order(name: str, those: list[StandIn]) -> list[StandIn]:
    """As a name has them."""
    by_url = {one.url: one for one in those}
    return [by_url[url] for url in by_name(name, list(by_url))]


async def until_down(node: Node, one: StandIn) -> None:
    await until(lambda: not node.upstream.services.up[one.url])


async def test_what_all_can_answer_is_spread_over_them(node: Node) -> None:
    answered = Counter([await node.by("POST", "/1.0/check.json") for _ in range(6)])
    assert answered == {"one": 2, "two": 2, "three": 2}


async def test_what_one_has_goes_to_it_and_it_is_not_looked_for_again(three: list[StandIn], node: Node) -> None:
    three[1].has.add(Subject(Kind.STREAM, STREAM))
    for _ in range(3):
        assert await node.by("GET", f"/v1/streams/{STREAM}?x=%20y") == "two"
        assert await node.by("GET", f"/v1/incidents?stream={STREAM}") == "two"
    assert three[1].questions == 1
    assert three[1].paths[0] == f"/v1/streams/{STREAM}?x=%20y"
    assert not three[0].asked


async def test_what_nobody_has_is_answered_by_any(three: list[StandIn], node: Node) -> None:
    assert await node.by("GET", f"/v1/streams/{STREAM}") in ("one", "two", "three")
    assert [one.questions for one in three] == [1, 1, 1]


@pytest.mark.parametrize(
    ("method", "path", "subject"),
    [
        ("GET", f"/v1/media/{MEDIA}/summary", Subject(Kind.MEDIA, MEDIA)),
        ("GET", f"/v1/incidents/{INCIDENT}/thumbnail.jpg", Subject(Kind.INCIDENT, INCIDENT)),
        ("POST", "/v1/hosts/a/drain", Subject(Kind.HOST, "a")),
        ("DELETE", f"/1.0/video/byid.json?id={MEDIA}", Subject(Kind.JOB, MEDIA)),
        ("GET", f"//1.0/video/check-sync.json?media_id={MEDIA}", Subject(Kind.UPLOAD, MEDIA)),
        ("PATCH", "/whip/cam/abc", Subject(Kind.SESSION, "cam/abc")),
    ],
)
async def test_each_kind_of_thing_is_found_where_it_is(
    method: str, path: str, subject: Subject, three: list[StandIn], node: Node
) -> None:
    three[2].has.add(subject)
    assert await node.by(method, path) == "three"


async def test_what_was_sent_beforehand_is_used_where_it_lies(three: list[StandIn], node: Node) -> None:
    three[1].has.add(Subject(Kind.UPLOAD, MEDIA))
    form = aiohttp.FormData({"media_id": MEDIA, "models": "gore"})
    multipart = aiohttp.MultipartWriter("form-data")
    multipart.append(MEDIA).set_content_disposition("form-data", name="media_id")
    for path in ("/1.0/video/check-sync.json", "/1.0/video/check.json"):
        assert await node.by("POST", path, data=form) == "two"
        assert await node.by("POST", path, data=multipart) == "two"
    assert three[1].asked[0][2] == b"media_id=%s&models=gore" % MEDIA.encode()


async def test_a_large_body_goes_on_as_it_comes_wherever_it_would_go(three: list[StandIn], node: Node) -> None:
    async def sent() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield bytes(100_000)

    await node.by("POST", "/1.0/video/check.json", data=sent())
    await node.by("POST", "/1.0/video/check.json", data=io.BytesIO(bytes(2_000_000)))
    assert [len(body) for one in three for _, _, body in one.asked] == [2_000_000, 2_000_000]


async def test_a_list_is_of_all_and_says_how_many_are_missing(three: list[StandIn], node: Node) -> None:
    three[0].streams, three[1].streams, three[2].streams = ["str_1", "str_4"], ["str_2"], ["str_3"]

    async def listed() -> tuple[list[str], str | None]:
        async with node.http.get("/v1/streams") as answer:
            return [stream["id"] for stream in (await answer.json())["streams"]], answer.headers.get(MISSING)

    assert await listed() == (["str_1", "str_2", "str_3", "str_4"], None)
    await three[1].stop()
    assert await listed() == (["str_1", "str_3", "str_4"], "1")
    await until_down(node, three[1])
    assert await listed() == (["str_1", "str_3", "str_4"], "1")
    await three[1].start()
    await until(lambda: node.upstream.services.up[three[1].url])
    assert await listed() == (["str_1", "str_2", "str_3", "str_4"], None)


async def test_a_service_that_hangs_holds_up_a_list_for_a_few_seconds_at_most(three: list[StandIn], node: Node) -> None:
    three[0].streams = ["str_1"]
    three[1].has.add(Subject(Kind.STREAM, STREAM))
    assert await node.by("GET", f"/v1/streams/{STREAM}") == "two"
    three[1].hanging = True
    async with asyncio.timeout(30.0), node.http.get("/v1/streams") as answer:
        assert (await answer.json(), answer.headers[MISSING]) == ({"streams": [{"id": "str_1"}]}, "1")
    await until_down(node, three[1])
    assert {await node.by("POST", "/1.0/check.json") for _ in range(4)} == {"one", "three"}
    await node.by("GET", f"/v1/streams/{STREAM}", status=503)


async def test_while_one_is_not_there_another_answers_what_it_can(three: list[StandIn], node: Node) -> None:
    three[1].has |= {Subject(Kind.MEDIA, MEDIA), Subject(Kind.STREAM, STREAM)}
    for path in (f"/v1/media/{MEDIA}", f"/v1/streams/{STREAM}"):
        assert await node.by("GET", path) == "two"
    await three[1].stop()
    assert {await node.by("POST", "/1.0/check.json", data=b"picture") for _ in range(6)} == {"one", "three"}
    assert await node.by("GET", f"/v1/media/{MEDIA}") in ("one", "three")
    await node.by("GET", f"/v1/streams/{STREAM}", status=503)
    # What may be there is not said to be nowhere.
    await node.by("GET", f"/v1/streams/{STREAM[:-1]}1", status=503)
    assert await node.by("GET", f"/v1/media/{MEDIA[:-1]}1") in ("one", "three")


async def test_when_none_is_there_both_halves_say_so(three: list[StandIn], node: Node) -> None:
    assert await node.upstream.reasons() == []
    for one in three:
        await one.stop()
    for path in ("/v1/streams", "/v1/incidents", f"/v1/streams/{STREAM}"):
        async with node.http.get(path) as answer:
            assert (answer.status, (await answer.json())["code"]) == (503, "upstream_unavailable")
    async with node.http.post("/1.0/check.json") as answer:
        assert (answer.status, (await answer.json())["status"]) == (503, "failure")
    (reason,) = await node.upstream.reasons()
    assert all(one.url in reason for one in three)


async def test_a_name_always_meets_the_same_service(three: list[StandIn], node: Node) -> None:
    for name in ("cam-1", "cam-2", "cam-3", "cam-4"):
        first = in_order(name, three)[0].name
        assert await node.by("POST", "/v1/streams", status=201, json={"name": name, "url": "rtsp://x"}) == first
        assert await node.by("POST", f"/whip/{name}", status=201, data=b"v=0", headers=SDP) == first
    assert {one.name for one in three if one.asked} != {"one"}


async def test_without_a_name_streams_and_jobs_are_spread(three: list[StandIn], node: Node) -> None:
    for _ in range(3):
        await node.by("POST", "/v1/streams", status=201, json={"url": "rtsp://x"})
    assert [len(one.asked) for one in three] == [1, 1, 1]
    assert {await node.by("POST", "/1.0/video/check.json", json={}) for _ in range(3)} == {"one", "two", "three"}
    again = {await node.by("POST", "/1.0/video/check.json", headers={"Idempotency-Key": "k"}) for _ in range(4)}
    assert again == {in_order("k", three)[0].name}
    strange = {"Idempotency-Key": "caf\xe9"}
    assert await node.by("POST", "/1.0/video/check.json", headers=strange) in ("one", "two", "three")


async def test_what_was_made_is_known_to_be_there(three: list[StandIn], node: Node) -> None:
    by = await node.by("POST", "/v1/streams", status=201, json={"url": "rtsp://x"})
    assert await node.by("DELETE", f"/v1/streams/{STREAM}") == by
    by = await node.by("POST", "/whip/cam", status=201, data=b"v=0", headers=SDP)
    assert await node.by("DELETE", "/whip/cam/session") == by
    assert sum(one.questions for one in three) == len(three)  # of the name alone


async def test_a_service_that_is_full_or_gone_is_passed_over(three: list[StandIn], node: Node) -> None:
    first, second, third = in_order("cam", three)
    first.refusal = FULL
    await second.stop()
    body = {"name": "cam", "url": "rtsp://x"}
    assert await node.by("POST", "/v1/streams", status=201, json=body) == third.name
    assert first.asked[0][2] == third.asked[0][2]
    await second.start()
    await until(lambda: node.upstream.services.up[second.url])
    first.refusal = None
    # Whoever comes back finds its stream, though it is not where such a name goes first.
    assert await node.by("POST", "/whip/cam", status=201, data=b"v=0", headers=SDP) == third.name
    third.refusal = (409, {"code": "name_taken"})
    assert await node.by("POST", "/v1/streams", status=409, json=body) == third.name


async def test_when_all_are_full_one_of_them_says_so_and_a_rate_is_nobodys_to_get_round(
    three: list[StandIn], node: Node
) -> None:
    for one in three:
        one.refusal = FULL
    async with node.http.post("/v1/streams", json={"url": "rtsp://x"}) as answer:
        assert (answer.status, await answer.json()) == FULL
    assert [len(one.asked) for one in three] == [1, 1, 1]
    for one in three:
        one.refusal = (429, {"status": "failure", "error": {"code": 34}})
    await node.by("POST", "/1.0/video/check.json", status=429)
    assert [len(one.asked) for one in three] == [2, 2, 2]
    for one in three:
        one.refusal = (429, {"code": "rate_exceeded"})
    await node.by("POST", "/v1/streams", status=429, json={"url": "rtsp://x"})
    assert sorted(len(one.asked) for one in three) == [2, 2, 3]


async def test_what_was_known_and_is_gone_is_looked_for_again(three: list[StandIn], node: Node) -> None:
    subject = Subject(Kind.SESSION, "cam/abc")
    three[0].has.add(subject)
    assert await node.by("DELETE", "/whip/cam/abc") == "one"
    three[0].has.clear()
    three[2].has.add(subject)
    node.upstream.services.has_not(subject)
    assert await node.by("DELETE", "/whip/cam/abc") == "three"


async def test_an_answer_that_breaks_off_breaks_off_for_the_client(node: Node) -> None:
    async with node.http.get("/v1/half") as answer:
        assert answer.status == 200
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


async def test_what_was_begun_elsewhere_is_tried_again_only_where_it_changes_nothing(
    three: list[StandIn], node: Node
) -> None:
    await node.by("GET", "/none", status=503)
    assert sum(len(one.asked) for one in three) >= 3
    for one in three:
        one.asked.clear()
    await node.by("POST", "/none", status=503, data=b"body")
    assert sum(len(one.asked) for one in three) == 1


async def test_a_list_may_be_asked_for_without_its_body(three: list[StandIn], node: Node) -> None:
    async with node.http.head("/v1/streams") as answer:
        assert (answer.status, await answer.read()) == (200, b"")
    assert await node.by("GET", "/v1/streams") in ("one", "two", "three")


async def test_one_service_is_asked_nothing_beside_what_it_is_sent() -> None:
    async with standing("only") as (only,), forwarding_to([only.url]) as node:
        only.streams = ["str_2", "str_1"]
        async with node.http.get("/v1/streams") as answer:
            assert [stream["id"] for stream in (await answer.json())["streams"]] == ["str_2", "str_1"]
        assert await node.by("GET", f"/v1/streams/{STREAM}") == "only"
        only.refusal = FULL
        await node.by("POST", "/v1/streams", status=429, json={"name": "cam"})
        assert only.questions == 0
        await only.stop()
        assert await node.upstream.reasons() == ["the service that watches streams does not answer"]
