"""The event log on a real server of NATS."""

import asyncio
import json
import signal

import pytest
from nats.aio.msg import Msg

from inference.events import MediaStalled
from tests.servers.nats import Nats
from tests.web.cluster.making import WITHIN_S, by_hand, followed, opened, written
from tests.web.recording.making import Filming
from web.cluster.log import BusError
from web.cluster.log_opening import open_log
from web.delivery.history import Entry
from web.limits import Retention
from web.store.errors import Refused


async def test_all_who_follow_get_the_same_events_by_the_same_numbers_in_one_order(nats: Nats) -> None:
    here, there = Filming(), Filming(place=1)
    async with opened(nats, here, there) as log:
        _, last = await log.bounds()
        async with followed(log, last) as mine, followed(log, last) as theirs:
            for _ in range(20):
                await asyncio.gather(log.write(here.film()), log.write(there.film()))
            for got in (mine, theirs):
                await got.until(lambda entries: len(entries) >= 240)
        assert mine.entries == theirs.entries
        assert [entry.number for entry in mine.entries] == list(range(last + 1, last + 241))
        assert log.written == last + 240
        for film in (here, there):
            kinds = [entry.kind for entry in mine.entries if entry.stream_id == film.stream_id]
            assert kinds == [published.entry.kind for published in film.film()] * 20


async def test_numbers_are_above_all_that_were_given_before_and_grow_over_a_restart(nats: Nats) -> None:
    film = Filming()
    above = 1_790_000_000_500_000
    async with opened(nats, above=above) as log:
        assert await log.bounds() == (above, above)
        await log.write(film.film())
        assert await log.bounds() == (above, above + 6)
    nats.stop(number=signal.SIGKILL)
    nats.start()
    async with opened(nats, above=0) as log:
        assert await log.bounds() == (above, above + 6)
        await log.write([film.prob()])
        assert log.written == above + 7


async def test_what_is_written_again_is_there_once(nats: Nats) -> None:
    film = Filming()
    events = film.film()
    async with opened(nats, film) as log:
        floor, _ = await log.bounds()
        await log.write(events[:4])
        await log.write(events)
        assert log.written == floor + 6
        assert [json.loads(entry.data)["type"] for entry in await log.after(floor, 100)] == [
            one.entry.kind for one in events
        ]


async def test_the_past_is_read_in_pieces(nats: Nats) -> None:
    film = Filming()
    async with opened(nats, film) as log:
        floor, _ = await log.bounds()
        assert await log.after(floor, 5) == []
        await log.write([film.prob() for _ in range(23)])
        read: list[Entry] = []
        while piece := await log.after(read[-1].number if read else floor, 5):
            assert len(piece) <= 5
            read += piece
        assert [entry.number for entry in read] == list(range(floor + 1, floor + 24))
        assert await log.after(0, 1) == read[:1]


async def test_what_settings_do_not_keep_is_gone(nats: Nats) -> None:
    film = Filming()
    async with opened(nats, film, retention=Retention(events_most=10)) as log:
        floor, _ = await log.bounds()
        await log.write([film.prob() for _ in range(25)])
        assert await log.floor() == floor + 15
        assert len(await log.after(floor, 100)) == 10
    async with opened(nats, film, retention=Retention(events_most=5)) as log:
        assert await log.bounds() == (floor + 20, floor + 25)


async def test_a_server_that_is_gone_for_a_while_costs_no_event_and_no_order(nats: Nats) -> None:
    film = Filming()
    batches = [[film.prob() for _ in range(10)] for _ in range(30)]
    async with opened(nats, film) as log:
        floor, _ = await log.bounds()
        async with followed(log, floor) as got:
            writing = asyncio.create_task(written(log, *batches))
            await got.until(lambda entries: len(entries) >= 50)
            nats.stop(number=signal.SIGKILL)
            with pytest.raises(BusError):
                await log.after(floor, 1)
            nats.start()
            await writing
            await got.until(lambda entries: len(entries) >= 300)
        assert [entry.number for entry in got.entries] == list(range(floor + 1, floor + 301))
        times = [json.loads(entry.data)["time"] for entry in got.entries]
        assert times == sorted(set(times))


async def test_a_message_of_somebody_else_is_passed_over(nats: Nats) -> None:
    film = Filming()
    async with opened(nats, film) as log, by_hand(nats) as anybody:
        floor, _ = await log.bounds()
        async with followed(log, floor) as got:
            await log.write([film.started()])
            await anybody.jetstream().publish("gore.eu.str_x.gore.prob", b"hello")
            await log.write([film.prob()])
            await got.until(lambda entries: len(entries) == 2)
        assert [entry.number - floor for entry in got.entries] == [1, 3]
        assert [entry.number - floor for entry in await log.after(floor, 9)] == [1, 3]


async def test_anybody_may_read_along(nats: Nats) -> None:
    film, heard, enough = Filming(), list[str](), asyncio.Event()

    async def hear(message: Msg) -> None:
        heard.append(json.loads(message.data)["data"]["state"])
        if len(heard) == 3:
            enough.set()

    async with opened(nats, film) as log, by_hand(nats) as anybody:
        await anybody.subscribe(f"gore.*.{film.stream_id}.gore.incident", cb=hear)
        # The client's `flush` overtakes what it has to send; a question does not.
        await anybody.jetstream().account_info()
        await log.write(film.film())
        await asyncio.wait_for(enough.wait(), WITHIN_S)
    assert heard == ["started", "peak", "ended"]


async def test_a_second_service_is_refused_until_the_first_has_ended(nats: Nats) -> None:
    async with opened(nats):
        with pytest.raises(BusError, match=r"Another gorewatch service of the region eu.*GOREWATCH_REGION"):
            async with opened(nats):
                raise AssertionError
    async with opened(nats) as log:
        assert log.written == 0


async def test_no_server_is_a_clear_refusal(nats: Nats) -> None:
    nats.stop()
    with pytest.raises(BusError, match="GOREWATCH_BUS"):
        async with opened(nats, within_s=0.5):
            raise AssertionError


async def test_a_server_without_jetstream_is_a_clear_refusal() -> None:
    with Nats(keeping=False) as bare, pytest.raises(BusError, match="nats-server -js"):
        async with opened(bare):
            raise AssertionError


async def test_a_password_is_in_no_refusal(nats: Nats) -> None:
    nats.stop()
    url = nats.url.replace("//", "//gore:hunter2@")
    with pytest.raises(BusError) as refused:
        async with open_log(url, region="eu", retention=Retention(), describe=lambda _: None, above=0, within_s=0.5):
            raise AssertionError
    assert "hunter2" not in str(refused.value)


async def test_an_event_that_is_larger_than_the_server_takes_is_refused_for_good(nats: Nats) -> None:
    film = Filming()
    large = film.publish(MediaStalled("x" * 2_000_000))
    async with opened(nats, film) as log:
        floor, _ = await log.bounds()
        with pytest.raises(Refused, match="more than NATS takes"):
            await log.write([film.prob(), large])
        assert not await log.keep_alone(large)
        await log.write([film.prob()])
        assert len(await log.after(floor, 9)) >= 1
