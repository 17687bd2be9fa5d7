"""Callbacks go where they may, to the address that was checked, and nowhere else."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.servers.ports import free_port
from tests.servers.receiver import Receiver, run_receiver
from web.delivery.posting import NotPosted, Poster

LOOPBACK = ("127.0.0.0/8", "::1/128")


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with run_receiver() as running:
        yield running


async def test_a_body_arrives_as_it_is(receiver: Receiver) -> None:
    await Poster(egress_allow=LOOPBACK).post(receiver.url("/ok/plain"), b'{"a": 1}', {"X-More": "yes"})
    (got,) = receiver.at("/ok/plain")
    assert got.raw == b'{"a": 1}'
    assert (got.headers["Content-Type"], got.headers["X-More"]) == ("application/json", "yes")


async def test_the_address_that_was_checked_is_the_one_that_is_called(receiver: Receiver) -> None:
    asked = []

    def resolve(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    poster = Poster(egress_allow=LOOPBACK, resolve=resolve)
    await poster.post(f"http://hook.example:{receiver.listening.port}/ok/named", b"{}", {})
    assert receiver.at("/ok/named")[0].headers["Host"] == f"hook.example:{receiver.listening.port}"
    assert asked == ["hook.example"]


@pytest.mark.parametrize(("path", "words"), [("/never/x", "500"), ("/redirect/x", "302")])
async def test_anything_but_a_success_is_none(receiver: Receiver, path: str, words: str) -> None:
    with pytest.raises(NotPosted, match=words) as refusal:
        await Poster(egress_allow=LOOPBACK).post(receiver.url(path), b"{}", {})
    assert not refusal.value.hopeless
    assert (refusal.value.status, refusal.value.retry_after) == (int(words), None)
    assert receiver.at("/ok/redirected") == []


async def test_when_to_come_again_is_told(receiver: Receiver) -> None:
    with pytest.raises(NotPosted) as refusal:
        await Poster(egress_allow=LOOPBACK).post(receiver.url("/later/x"), b"{}", {"Content-Type": "a/b"})
    assert (refusal.value.status, refusal.value.retry_after) == (503, "120")
    assert receiver.at("/later/x")[0].headers["Content-Type"] == "a/b"


async def test_who_does_not_answer_is_given_up(receiver: Receiver) -> None:
    with pytest.raises(NotPosted, match=r"within 0\.2 s") as refusal:
        await Poster(egress_allow=LOOPBACK, timeout_s=0.2).post(receiver.url("/hang/x"), b"{}", {})
    assert not refusal.value.hopeless


async def test_who_refuses_connections_may_take_them_later() -> None:
    with pytest.raises(NotPosted, match="failed or broke") as refusal:
        await Poster(egress_allow=LOOPBACK).post(f"http://127.0.0.1:{free_port()}/", b"{}", {})
    assert not refusal.value.hopeless


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "hook.example", "169.254.169.254"])
async def test_a_private_address_is_never_called(receiver: Receiver, host: str) -> None:
    def resolve(name: str) -> list[str]:
        return ["127.0.0.1"] if name == "hook.example" else [name]

    with pytest.raises(NotPosted, match="not on the public internet") as refusal:
        await Poster(egress_allow=(), resolve=resolve).post(
            f"http://{host}:{receiver.listening.port}/ok/private", b"{}", {}
        )
    assert refusal.value.hopeless
    assert receiver.at("/ok/private") == []


async def test_names_that_nobody_resolves_hold_up_no_others(receiver: Receiver) -> None:
    asked, answer = threading.Semaphore(0), threading.Event()

    def resolve(host: str) -> list[str]:
        if host.startswith("slow"):
            asked.release()
            answer.wait(2.0)
        return ["127.0.0.1"]

    with ThreadPoolExecutor(64) as threads:
        poster = Poster(egress_allow=LOOPBACK, resolve=resolve, threads=threads)
        slow = [
            asyncio.create_task(
                poster.post(receiver.url("/ok/slow").replace("127.0.0.1", f"slow{number}.example"), b"{}", {})
            )
            for number in range(40)
        ]
        for _ in slow:
            await asyncio.to_thread(asked.acquire)
        await poster.post(receiver.url("/ok/quick"), b"{}", {})
        assert receiver.at("/ok/slow") == []
        answer.set()
        await asyncio.gather(*slow)


async def test_an_unknown_host_is_said() -> None:
    def resolve(name: str) -> list[str]:
        raise OSError

    with pytest.raises(NotPosted, match="unknown") as refusal:
        await Poster(egress_allow=(), resolve=resolve).post("http://nowhere.example/", b"{}", {})
    assert not refusal.value.hopeless
