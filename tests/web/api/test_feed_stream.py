"""The same events as server-sent events, with a real server and a client that reads lines."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from inference.events import MediaResumed, MediaStalled
from tests.until import until
from tests.web.described_feed import check_event
from tests.web.serving import WITHIN_S, Served, bearer, new_key, serving
from web.api import feed_stream
from web.store import keys

STALLED = MediaStalled("no frames")


@dataclass(frozen=True, slots=True)
class Told:
    """One event as it stands in the stream."""

    id: str | None
    event: str
    data: dict[str, Any]


class Lines:
    """What a browser's EventSource makes of a response."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.comments = 0

    async def next(self) -> Told | None:
        """The next event, None at the end."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(WITHIN_S):
            while line := (await self.response.content.readline()).decode():
                name, _, value = line.rstrip("\n").partition(": ")
                if name == ":":
                    self.comments += 1
                elif name:
                    fields[name] = value
                elif fields:
                    told = Told(fields.get("id"), fields["event"], json.loads(fields["data"]))
                    if told.event != "error":
                        check_event(told.data, made_up=True)
                    return told
        return None

    async def some(self, count: int) -> list[Told]:
        found = [await self.next() for _ in range(count)]
        return [one for one in found if one is not None]


@asynccontextmanager
async def streamed(served: Served, query: str = "", **headers: str) -> AsyncIterator[Lines]:
    accept = {"Accept": "text/event-stream"} | {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        aiohttp.ClientSession(served.url, read_bufsize=2**20) as http,
        http.get(f"/v1/events{query}", headers=accept) as response,
    ):
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        assert response.headers["Cache-Control"] == "no-store"
        yield Lines(response)


def publish(served: Served, count: int, *, stream: str = "str_a", reason: str = "no frames") -> None:
    for _ in range(count):
        served.hub.publish(stream, "med_a", MediaStalled(reason))


async def test_events_come_with_id_type_and_the_whole_envelope() -> None:
    async with serving() as served, streamed(served, "?stream=str_a&type=media.stalled") as lines:
        publish(served, 1, stream="str_b")
        served.hub.publish("str_a", "med_a", MediaResumed("again"))
        publish(served, 2)
        first, second = await lines.some(2)
        assert (first.event, first.id) == ("media.stalled", first.data["id"])
        assert first.data["source"] == "/v1/streams/str_a"
        assert first.data["specversion"] == "1.0"
        assert second.data["id"] > first.data["id"]


async def test_who_comes_back_with_the_last_id_misses_nothing_whatever_the_query_says() -> None:
    async with serving() as served:
        async with streamed(served) as lines:
            publish(served, 1)
            (first,) = await lines.some(1)
        publish(served, 1000)
        assert first.id is not None
        async with streamed(served, "?since=0", Last_Event_ID=first.id) as lines:
            publish(served, 10)
            missed = await lines.some(1010)
        assert {told.event for told in missed} == {"media.stalled"}
        ids = [told.id for told in missed]
        assert len(set(ids)) == 1010
        async with streamed(served, "?since=0") as lines:
            gap, *everything = await lines.some(1012)
        assert gap.event == "gap"
        assert [told.id for told in everything] == [first.id, *ids]


async def test_a_silent_stream_is_kept_open_by_comments_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_stream, "_HEARTBEAT_S", 0.01)
    async with serving() as served, streamed(served) as lines:
        while lines.comments < 3:
            publish(served, 1)
            await lines.some(1)
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(("query", "header"), [("?since=x", None), ("", "x"), ("", "")])
async def test_what_is_no_id_is_refused(query: str, header: str | None) -> None:
    async with serving() as served:
        headers = {"Accept": "text/event-stream"} | ({} if header is None else {"Last-Event-ID": header})
        async with served.http.get(f"/v1/events{query}", headers=headers) as response:
            assert response.status == 400


async def test_who_asks_for_neither_is_told_of_both() -> None:
    async with serving() as served, served.http.get("/v1/events") as response:
        assert response.status == 426
        assert "text/event-stream" in (await response.json())["detail"]


async def test_a_slow_reader_ends_with_an_error_that_names_the_last_id_and_can_resume() -> None:
    async with serving(limits={"subscriber_queue": 50}) as served, streamed(served) as slow:
        sent = 0
        async with asyncio.timeout(30):
            while not served.hub.tally.cut:
                publish(served, 10, reason="x" * 100_000)
                sent += 10
                await until(lambda: not served.hub.unkept, every_s=0.0)
        told = []
        while (one := await slow.next()) is not None:
            told.append(one)
        *before, error = told
        assert error.event == "error"
        assert isinstance(error.data, dict)
        last = error.data["last"]
        assert error.data == {"code": 4008, "reason": last, "last": last}
        # It may have been cut before it was sent anything: then this is where it began.
        assert not before or before[-1].id == last
        async with streamed(served, Last_Event_ID=last) as again:
            after = await again.some(sent - len(before))
        assert len({told.id for told in (*before, *after)}) == sent


async def test_who_takes_nothing_at_all_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_stream, "_STUCK_S", 0.2)
    async with serving() as served:
        publish(served, 300, reason="x" * 100_000)
        async with streamed(served, "?since=0"):
            await until(lambda: not served.hub.subscriber_count)


async def test_it_ends_when_its_key_is_revoked() -> None:
    async with serving(keyed=True) as served:
        good = await new_key(served.store)
        async with streamed(served, **bearer(good)) as lines:
            async with served.store.writing() as tx:
                await keys.revoke(tx, good.partition(":")[0], at_s=1.0)
            error = await lines.next()
            assert error is not None
            assert (error.event, error.data["code"]) == ("error", 1008)
            assert await lines.next() is None


async def test_a_stopping_service_sends_what_is_owed_and_ends_the_stream() -> None:
    running = AsyncExitStack()
    served = await running.enter_async_context(serving())
    async with streamed(served) as lines:
        publish(served, 3)
        started_s = time.monotonic()
        stopping = asyncio.create_task(running.aclose())
        assert len(await lines.some(3)) == 3
        assert await lines.next() is None
        await stopping
        assert time.monotonic() - started_s < 5.0
