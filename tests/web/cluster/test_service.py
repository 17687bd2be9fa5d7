"""A whole service whose events travel over a real server of NATS."""

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.servers.nats import Nats
from tests.web.cluster.making import WITHIN_S
from tests.web.fakes import FakeSource
from tests.web.faults.logbook import Logbook, following
from tests.web.serving import Served, serving, settings_of
from web.delivery.cloudevents import format_id

INCIDENT = ("gore.incident",)


async def live(served: Served, name: str = "door") -> tuple[dict[str, Any], FakeSource]:
    number = len(served.pool.sources)
    stream = await served.add(name=name, policy={"window": 0.5, "cooldown": 0.5})
    source = await served.pool.source(number)
    source.live()
    return stream, source


def flagged(source: FakeSource, start_s: float) -> None:
    """An incident that is over after two seconds."""
    for after_s, score in enumerate((0.9, 0.95, 0.05, 0.05, 0.05)):
        source.sample(start_s + after_s, score)


def newest(served: Served) -> str:
    return format_id(served.hub.last)


def incidents_of(logbook: Logbook) -> list[tuple[str, str]]:
    told = [event for event in logbook.events.values() if event["type"] == "gore.incident"]
    return [(event["data"]["incident"]["id"], event["data"]["state"]) for event in told]  # type: ignore[index]


async def ended_in(logbook: Logbook, count: int) -> None:
    """Until it has the ends of so many incidents."""
    async with asyncio.timeout(WITHIN_S):
        while sum(state == "ended" for _, state in incidents_of(logbook)) < count:
            logbook.moved.clear()
            await logbook.moved.wait()


def whole(told: Sequence[tuple[str, str]]) -> set[str]:
    """The ids of incidents; fails unless each was told of from its start to its end, both once."""
    ids = {incident for incident, _ in told}
    for one in ids:
        states = [state for incident, state in told if incident == one]
        assert (states.count("started"), states.count("ended"), states[0], states[-1]) == (1, 1, "started", "ended")
    return ids


async def test_who_is_told_of_an_incident_finds_it(nats: Nats) -> None:
    async with serving(bus=nats.url) as served:
        _, source = await live(served)
        logbook = Logbook(since=newest(served), types=INCIDENT)
        async with following(served.url, [logbook]):
            for number in range(20):
                flagged(source, 10.0 * number)
                async with asyncio.timeout(WITHIN_S):
                    while len(whole_so_far := {incident for incident, _ in incidents_of(logbook)}) <= number:
                        logbook.moved.clear()
                        await logbook.moved.wait()
                for incident in whole_so_far:
                    assert (await served.get(f"/v1/incidents/{incident}"))["id"] == incident
        assert len(incidents_of(logbook)) >= 40


async def test_a_subscriber_resumes_over_a_restart_and_gets_the_closing_events(nats: Nats, tmp_path: Path) -> None:
    async with serving(bus=nats.url, home=tmp_path) as served:
        stream, source = await live(served)
        logbook = Logbook(since=newest(served))
        before = logbook.since
        async with following(served.url, [logbook]):
            flagged(source, 1.0)
            await logbook.more(3)
    async with serving(bus=nats.url, home=tmp_path) as served:
        async with following(served.url, [logbook]):
            _, source = await live(served, "other")
            flagged(source, 1.0)
            await ended_in(logbook, 2)
            later = Logbook(since=before)
            async with following(served.url, [later]):
                await later.reached(logbook.since)
        ended = [one for one in later.events.values() if one["type"] == "media.finished"]
        assert [one["source"] for one in ended] == [f"/v1/streams/{stream['id']}"]
        assert {key: event for key, event in logbook.events.items() if key <= later.since} == {
            key: event for key, event in later.events.items() if key in logbook.events
        }
        whole([one for one in incidents_of(later) if one[1] != "peak"])


async def test_a_server_that_is_gone_for_a_while_costs_no_incident(nats: Nats) -> None:
    async with serving(bus=nats.url) as served:
        _, source = await live(served)
        logbook = Logbook(since=newest(served), types=INCIDENT)
        async with following(served.url, [logbook]):
            flagged(source, 1.0)
            await logbook.more(2)
            nats.stop(number=signal.SIGKILL)
            for number in range(1, 6):
                flagged(source, 10.0 * number)
            await served.until_metric("gorewatch_events_kept_first", 0.0)
            async with served.http.get("/readyz") as answer:
                assert answer.status == 503
                assert "events wait for NATS, which does not answer" in (await answer.json())["reasons"]
            nats.start()
            await ended_in(logbook, 6)
        ids = whole(incidents_of(logbook))
        assert {one["id"] for one in (await served.get("/v1/incidents"))["incidents"]} == ids
        assert len(ids) == 6
        await served.until_metric("gorewatch_events_unrecorded", 0.0)
        await served.until("/readyz", lambda answer: answer["status"] == "ready")


@pytest.mark.parametrize("bus", ["nats:/x", "kafka://x", "", "nats://a b", "memory "])
def test_what_is_no_bus_is_refused(bus: str) -> None:
    with pytest.raises(ValueError, match="must be memory, nats://HOST:PORT or tls://HOST:PORT"):
        settings_of(bus=bus)


@pytest.mark.parametrize("region", ["", "a b", "eu.1", "x" * 33, "ü", "eu\n"])
def test_what_cannot_be_a_region_is_refused(region: str) -> None:
    with pytest.raises(ValueError, match="must be up to 32 of A-Z, a-z, 0-9, _ and -"):
        settings_of(region=region)


@pytest.mark.parametrize("upstream", ["", "localhost:8080", "http://a/b", "http://u:p@a", "ftp://a", "http://a?b"])
def test_what_is_no_service_is_refused(upstream: str) -> None:
    with pytest.raises(ValueError, match="must be the address of the service alone"):
        settings_of(upstream=upstream)


def test_services_are_named_one_by_one_or_together() -> None:
    assert settings_of(upstream="http://a:1").upstream == ("http://a:1",)
    both = ("http://a:1", "https://b")
    assert settings_of(upstream="http://a:1, https://b/").upstream == both
    assert settings_of(upstream=["http://a:1", "https://b/"]).upstream == both
    for twice in ("http://a,http://a/", "http://a,", "http://a, ,http://b"):
        with pytest.raises(ValueError, match=r"each service once|address of the service alone"):
            settings_of(upstream=twice)
