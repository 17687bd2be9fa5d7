"""An event that can never be kept holds up none of those behind it, and is sent like any other."""

import json

import pytest

from tests.until import until
from tests.web.delivery.journals import FakeOutlet, MemoryJournal
from tests.web.delivery.test_outbox import NEVER_S, OF_A_KEY, STALLED, numbers, running
from tests.web.delivery.test_replay import ids
from web.delivery.cloudevents import format_id
from web.delivery.filters import Filter
from web.delivery.hub import Hub


def publish(hub: Hub, *media: str) -> None:
    for media_id in media:
        hub.publish("str_a", media_id, STALLED)


def of_media(outlet: FakeOutlet) -> list[str]:
    return [json.loads(entry.data)["subject"] for entry in outlet.got]


@pytest.mark.parametrize("whole", [False, True])
async def test_what_is_refused_is_sent_in_its_place_and_all_else_is_kept(
    whole: bool, caplog: pytest.LogCaptureFixture
) -> None:
    journal = MemoryJournal()
    async with running(journal, send_s=NEVER_S) as (hub, reader):
        if whole:
            journal.refuses_whole = frozenset({"med_bad"})
        else:
            journal.refuses = frozenset({"med_bad"})
        journal.hang()
        publish(hub, "med_a", "med_bad", "med_b", "med_bad")
        journal.go_on()
        await until(lambda: len(reader.got) == 4)
        publish(hub, "med_a")
        await until(lambda: len(reader.got) == 5)
        assert of_media(reader) == ["med_a", "med_bad", "med_b", "med_bad", "med_a"]
        assert hub.journal_ok
        assert (hub.unkept, hub.refused) == (0, 2)
        assert hub.dropped == ({"media.stalled": 2} if whole else {})
    sent = numbers(reader)
    assert list(journal.kept) == sent
    gaps = [number for number, one in journal.kept.items() if one.entry.kind == "gap"]
    assert gaps == (sent[1:4:2] if whole else [])
    (line,) = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert f"{format_id(sent[1])} media.stalled, {format_id(sent[3])} media.stalled" in line
    assert ("2 events can never be kept" if whole else "2 events are kept, without all that follows") in line


async def test_nothing_is_set_aside_because_the_journal_fails_in_the_middle_of_it() -> None:
    journal = MemoryJournal()
    async with running(journal, send_s=NEVER_S) as (hub, reader):
        journal.refuses_whole = frozenset({"med_bad"})
        journal.hang()
        publish(hub, "med_a", "med_bad", "med_b")
        alone = journal.keep_alone

        async def fail(refused: object) -> bool:
            journal.works = False
            del journal.keep_alone
            return await alone(refused)  # type: ignore[arg-type]

        journal.keep_alone = fail  # type: ignore[method-assign]
        journal.go_on()
        await until(lambda: journal.failed > 2)
        assert hub.dropped == {}
        assert hub.refused == 0
        journal.works = True
        await until(lambda: len(reader.got) == 3)
        assert hub.dropped == {"media.stalled": 1}
    assert [one.entry.kind for one in journal.kept.values()] == ["media.stalled", "gap", "media.stalled"]
    assert list(journal.kept) == numbers(reader)


async def test_a_replay_tells_where_one_was_set_aside_and_nothing_else_is_missing() -> None:
    journal = MemoryJournal()
    async with running(journal, send_s=NEVER_S, history_events=1) as (hub, reader):
        journal.refuses_whole = frozenset({"med_bad"})
        for media in ("med_a", "med_b", "med_bad", "med_c", "med_d"):
            publish(hub, media)
        await until(lambda: len(reader.got) == 5)
        first, second, bad, *rest = numbers(reader)
        assert await ids(hub.subscribe(OF_A_KEY, since=first), 4) == [second, bad, *rest]
        assert await ids(hub.subscribe(OF_A_KEY, since=bad), 2) == rest
        others = Filter(kinds=frozenset({"gore.incident"}), owners=frozenset({"2"}))
        (gap,) = await hub.subscribe(others, since=second).take()
        told = json.loads(gap.data)
        assert (told["type"], told["id"]) == ("gap", format_id(bad))
        assert told["data"] == {"since": format_id(bad - 1), "first": format_id(bad + 1)}
