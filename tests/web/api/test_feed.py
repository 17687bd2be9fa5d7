"""The event socket, with a real server, the `websockets` client, and raw sockets that misbehave."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.protocol import State
from websockets.typing import Origin, Subprotocol

from inference.events import MediaStalled
from tests.web.api.raw_feed import raw_client, read_to_the_close
from tests.web.delivery.journals import MemoryJournal
from tests.web.described_feed import check_event
from tests.web.fakes import FakeSource
from tests.web.serving import WITHIN_S, Served, bearer, new_key, serving
from web.access.scopes import Scope
from web.delivery.hub import Hub
from web.store import keys


@asynccontextmanager
async def events(served: Served, query: str = "") -> AsyncIterator[ClientConnection]:
    url = f"{served.url.replace('http', 'ws')}/v1/events{query}"
    async with connect(url, subprotocols=[Subprotocol("cloudevents.json")], max_queue=None, proxy=None) as client:
        yield client


async def received(client: ClientConnection, count: int = 1) -> list[dict[str, Any]]:
    """The next events, each as the AsyncAPI document describes it."""
    async with asyncio.timeout(20):
        got: list[dict[str, Any]] = [json.loads(await client.recv()) for _ in range(count)]
    for event in got:
        check_event(event, made_up=True)
    return got


async def live(served: Served, name: str = "cam") -> tuple[dict[str, Any], FakeSource]:
    stream = await served.add(name=name)
    source = await served.pool.source(len((await served.get("/v1/streams"))["streams"]) - 1)
    source.live()
    return stream, source


async def test_events_of_a_stream_from_its_start_to_its_summary() -> None:
    async with serving() as served, events(served) as client:
        assert client.subprotocol == "cloudevents.json"
        stream, source = await live(served)
        source.sample(0.0, 0.2, captured_s=time.monotonic() - 0.5)
        started, prob = await received(client, 2)
        assert started["type"] == "media.started"
        assert started["data"] == {"stream": stream["id"], "codec": "h264", "width": 1280, "height": 720, "fps": 30.0}
        assert prob["type"] == "gore.prob"
        assert prob["source"] == f"/v1/streams/{stream['id']}"
        assert prob["subject"] == stream["media"]
        assert prob["data"]["raw"]["prob"] == 0.2
        assert 0.5 <= prob["data"]["latency"] < 5.0
        source.sample(0.5, 0.9)
        source.sample(1.0, 0.9)
        source.end()
        rest = await received(client, 5)
        assert [(event["type"], event["data"].get("state")) for event in rest] == [
            ("gore.prob", None),
            ("gore.incident", "started"),
            ("gore.prob", None),
            ("gore.incident", "ended"),
            ("media.finished", None),
        ]
        assert rest[-1]["data"]["summary"] == await served.get(f"/v1/streams/{stream['id']}/summary")
        ids = [event["id"] for event in (started, prob, *rest)]
        assert ids == sorted(set(ids))


async def test_filters_by_stream_and_type_may_repeat() -> None:
    async with serving() as served:
        first, one = await live(served, "first")
        second, two = await live(served, "second")
        third, three = await live(served, "third")
        query = f"?stream={first['id']}&stream={second['id']}&type=media.finished&type=gore.prob&since=0"
        async with events(served, query) as client:
            for source in (three, two, one):
                source.sample(0.0, 0.1)
                source.end()
            await served.until(f"/v1/streams/{third['id']}", lambda stream: stream["state"] == "ended")
            gap, *got = await received(client, 5)
        assert gap["type"] == "gap"
        assert {event["source"].rpartition("/")[2] for event in got} == {first["id"], second["id"]}
        assert {event["type"] for event in got} == {"gore.prob", "media.finished"}


async def test_a_client_that_resumes_misses_nothing_and_sees_nothing_twice() -> None:
    async with serving() as served:
        _, source = await live(served)
        async with events(served) as client:
            source.sample(0.0, 0.1)
            before = await received(client, 1)
        for second in range(1, 50):
            source.sample(float(second), 0.1)
        async with events(served, f"?since={before[-1]['id']}") as client:
            for second in range(50, 100):
                source.sample(float(second), 0.1)
            after = await received(client, 100 if before[-1]["type"] == "media.started" else 99)
        assert all(event["type"] == "gore.prob" for event in after)
        assert [event["data"]["position"] for event in after][-99:] == [float(second) for second in range(1, 100)]


async def test_a_client_resumes_across_a_restart_of_the_service_where_events_are_kept() -> None:
    journal = MemoryJournal()
    async with serving(journal=journal, limits={"history_events": 10}) as served, events(served) as client:
        publish(served.hub, 100)
        before = await received(client, 100)
    async with serving(journal=journal) as served, events(served, f"?since={before[9]['id']}") as client:
        publish(served.hub, 5)
        after = await received(client, 95)
    assert after[:90] == before[10:]
    assert [int(event["id"]) for event in (*before, *after[90:])] == list(journal.kept)


@pytest.mark.parametrize(
    ("query", "status"), [("?since=x", 400), ("?since=", 400), ("?since=-1", 400), ("?type=gore", 422)]
)
async def test_what_cannot_be_asked_for_is_refused_before_the_upgrade(query: str, status: int) -> None:
    async with serving() as served:
        with pytest.raises(InvalidStatus) as refused:
            async with events(served, query):
                pass
        assert refused.value.response.status_code == status
        assert refused.value.response.headers["Content-Type"].startswith("application/problem+json")


async def test_browsers_may_give_credentials_in_the_query_and_foreign_pages_get_nothing() -> None:
    async with serving(keyed=True) as served:
        good = await new_key(served.store, Scope.EVENTS)
        async with events(served, f"?token={good}"):
            pass
        for query in ("", "?token=wrong"):
            with pytest.raises(InvalidStatus, match="401"):
                async with events(served, query):
                    pass
        url = f"{served.url.replace('http', 'ws')}/v1/events?token={good}"
        with pytest.raises(InvalidStatus, match="403"):
            await connect(url, origin=Origin("https://evil.example"), proxy=None)


async def test_a_key_hears_of_its_own_streams_and_an_admin_of_all() -> None:
    async with serving(keyed=True) as served:
        stream, source = await live(served)
        other, admin = await new_key(served.store), await new_key(served.store, Scope.ADMIN)
        body = {"url": "rtsp://camera.example/two"}
        async with served.http.post("/v1/streams", json=body, headers=bearer(other)) as response:
            others = await response.json()
        theirs = await served.pool.source(1)
        theirs.live()
        for one in (source, theirs):
            one.sample(0.0, 0.1)
            one.end()
        seen = []
        for query in (f"?token={other}&since=0", f"?token={other}&since=0&stream={stream['id']}&stream={others['id']}"):
            async with events(served, query) as client:
                _, *got = await received(client, 4)
                seen.append({event["subject"] for event in got})
        assert seen == [{others["media"]}] * 2
        async with events(served, f"?token={admin}&since=0") as client:
            _, *got = await received(client, 7)
        assert {event["subject"] for event in got} == {stream["media"], others["media"]}


async def test_a_socket_is_closed_when_its_key_is_revoked_and_when_its_token_ends() -> None:
    async with serving(keyed=True) as served:
        good = await new_key(served.store)
        async with served.http.post(
            "/v1/tokens", json={"scope": "events", "expires_s": 1.0}, headers=bearer(good)
        ) as response:
            token = (await response.json())["token"]
        async with events(served, f"?token={good}") as one, events(served, f"?token={token}") as two:
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(two.recv(), WITHIN_S)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008
            assert one.state is State.OPEN
            async with served.store.writing() as tx:
                await keys.revoke(tx, good.partition(":")[0], at_s=1.0)
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(one.recv(), WITHIN_S)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008


async def test_a_stopping_service_sends_the_last_summaries_and_then_says_going_away() -> None:
    running = AsyncExitStack()
    served = await running.enter_async_context(serving())
    async with events(served) as client:
        _, source = await live(served)
        source.sample(0.0, 0.1)
        await received(client, 2)
        stopping = asyncio.create_task(running.aclose())
        (finished,) = await received(client)
        assert finished["type"] == "media.finished"
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001
        await stopping


@pytest.mark.parametrize("unread", [1, 500], ids=["silent", "blocked"])
async def test_a_client_that_does_not_answer_the_close_holds_nobody_up(unread: int) -> None:
    """500 events are more than fits into the buffers between us: the close waits behind them."""
    running = AsyncExitStack()
    served = await running.enter_async_context(serving())
    with await raw_client(served) as stuck:
        publish(served.hub, unread)
        started_s = time.monotonic()
        await running.aclose()
        assert time.monotonic() - started_s < 3.0
        if unread == 1:
            ids, code, _ = await read_to_the_close(stuck)
            assert (len(ids), code) == (1, 1001)


def publish(hub: Hub, count: int) -> None:
    event = MediaStalled("x" * 10_000)
    for _ in range(count):
        hub.publish("str_a", "med_a", event)


async def test_a_reader_that_stops_is_closed_with_the_last_id_and_harms_nobody() -> None:
    async with serving(limits={"subscriber_queue": 100}) as served, events(served) as quick:
        stuck = await raw_client(served)
        sent = 0
        started_s = time.monotonic()
        async with asyncio.timeout(30):
            while served.hub.tally.cut == 0:
                publish(served.hub, 50)
                sent += 50
                await received(quick, 50)
        assert time.monotonic() - started_s < 10.0
        with stuck:
            ids, code, reason = await read_to_the_close(stuck)
        assert code == 4008
        assert reason == ids[-1]
        assert sent > len(ids) + 100
        async with events(served, f"?since={reason}") as again:
            missed = await received(again, sent - len(ids))
        assert [event["id"] for event in missed] > ids
        assert len({*ids, *(event["id"] for event in missed)}) == sent
        publish(served.hub, 1)
        await received(quick, 1)


async def test_a_reader_that_vanishes_is_forgotten_and_harms_nobody() -> None:
    async with serving() as served, events(served) as client:
        stuck = await raw_client(served)
        publish(served.hub, 1)
        await received(client, 1)
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        stuck.close()
        async with asyncio.timeout(10):
            while True:
                publish(served.hub, 1)
                await received(client, 1)
                if served.hub.subscriber_count == 1:
                    break
