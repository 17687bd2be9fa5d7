"""Live streams of an earlier service go on on the hosts of the next one, when there are some."""

from pathlib import Path

from tests.web.cluster.hosting.cluster import cluster


async def test_they_wait_for_hosts_and_for_room_on_them(tmp_path: Path) -> None:
    async with cluster("a", home=tmp_path, resume=True) as it:
        for name in ("door", "yard"):
            await it.watch("a", name)
    async with cluster(home=tmp_path, resume=True) as it:
        states = [stream["state"] for stream in (await it.served.get("/v1/streams"))["streams"]]
        assert states == ["connecting", "connecting"]
        await it.join("b", most_streams=1)
        (await it.ways["b"].pool.source()).live()
        await it.served.until("/v1/streams", lambda answer: answer["streams"][0]["state"] == "live")
        assert (await it.served.get("/v1/streams"))["streams"][1]["state"] == "connecting"
        await it.join("c")
        (await it.ways["c"].pool.source()).live()
        await it.served.until("/v1/streams", lambda answer: answer["streams"][1]["state"] == "live")
        assert it.served.pool.sources == []
