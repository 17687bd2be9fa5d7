"""What moves when a host is drained, and what stays, by what it turns out to be."""

from tests.until import until
from tests.web.cluster.hosting.cluster import STORED, Cluster, cluster
from tests.web.fakes import INFO

_FILM = "http://films.example/one.mp4"


async def test_what_is_still_being_opened_stays_if_it_is_stored_and_moves_once_it_is_live() -> None:
    async with cluster("a") as it:
        for name in ("film", "channel"):
            await it.served.add(name=name, url=_FILM)
        film, channel = await it.ways["a"].source(), await it.ways["a"].source(1)
        await it.join("b")
        assert (await it.ask("POST", "/v1/hosts/a/drain"))[1]["moved"] == 0
        film.live(STORED)
        channel.live(INFO)
        anew = await it.ways["b"].source()
        anew.live(INFO)
        await it.served.until("/v1/streams", lambda answer: {one["state"] for one in answer["streams"]} == {"live"})
        await until(lambda: channel.closed)
        told = await it.told()
        assert [(told[name]["streams"], told[name]["stored"]) for name in "ab"] == [(1, 1), (1, 0)]
        assert not film.closed


async def test_a_camera_that_does_not_answer_yet_moves_at_once() -> None:
    async with cluster("a") as it:
        await it.served.add()
        silent = await it.ways["a"].source()
        await it.join("b")
        assert (await it.ask("POST", "/v1/hosts/a/drain"))[1]["moved"] == 1
        await it.ways["b"].source()
        await until(lambda: silent.closed)


async def _publish(it: Cluster) -> None:
    headers = {"Content-Type": "application/sdp"}
    async with it.served.http.post("/whip/stage", data="v=0 offer", headers=headers) as answer:
        assert answer.status == 201


async def test_a_publisher_moves_when_it_comes_back() -> None:
    async with cluster("a") as it:
        await _publish(it)
        (await it.ways["a"].source()).live()
        await it.served.until("/v1/streams", lambda answer: answer["streams"][0]["state"] == "live")
        await it.join("b")
        assert (await it.ask("POST", "/v1/hosts/a/drain"))[1]["moved"] == 1
        await it.served.until("/v1/streams", lambda answer: answer["streams"][0]["state"] == "reconnecting")
        await _publish(it)
        (await it.ways["b"].source()).live()
        (stream,) = (await it.served.until("/v1/streams", lambda it: it["streams"][0]["state"] == "live"))["streams"]
        assert stream["name"] == "stage"
