"""Webhooks as their users have them: made over HTTP, posted to a real receiver, checked by an independent library."""

import asyncio
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.servers.receiver import Receiver
from tests.until import until
from tests.web.api.hooks import LOOPBACK, USUAL, add, arrived, call, failed, played
from tests.web.serving import WITHIN_S, Served, bearer, new_key, serving
from web.access.scopes import Scope


async def _metrics(served: Served) -> str:
    async with served.http.get("/metrics") as response:
        return await response.text()


async def test_events_arrive_in_order_as_on_the_socket_and_signed(receiver: Receiver) -> None:
    async with serving(keyed=True, egress_allow=LOOPBACK) as served:
        made = await add(served, receiver.url("/ok/events"))
        assert made["types"] == USUAL
        async with served.http.ws_connect("/v1/events", protocols=["cloudevents.json"]) as socket:
            stream = await played(served)
            got = await arrived(receiver, "/ok/events", 4)
            sent: dict[str, dict[str, Any]] = {}
            while len([event for event in sent.values() if event["type"] != "gore.prob"]) < len(got):
                event = await asyncio.wait_for(socket.receive_json(), WITHIN_S)
                sent[event["id"]] = event
        for one in got:
            assert one.body == sent[one.headers["webhook-id"]]
            assert one.headers["Content-Type"] == "application/cloudevents+json"
            assert Webhook(made["secret"]).verify(one.raw, dict(one.headers)) == one.body
            with pytest.raises(WebhookVerificationError):
                Webhook(made["secret"]).verify(one.raw + b" ", dict(one.headers))
        ids = [one.headers["webhook-id"] for one in got]
        assert ids == sorted(set(ids))
        assert [one.body["type"] for one in got][:2] == ["media.started", "gore.incident"]
        assert got[-1].body["type"] == "media.finished"
        assert got[-1].body["source"] == f"/v1/streams/{stream['id']}"
        await served.until(f"/v1/webhooks/{made['id']}", lambda now: now["pending"] == 0)
        counted = f'gorewatch_callback_attempts_total{{outcome="delivered"}} {len(got)}.0'
        async with asyncio.timeout(WITHIN_S):
            while True:
                if counted in await _metrics(served):
                    break
                await asyncio.sleep(0.01)


async def test_types_and_streams_choose_what_arrives(receiver: Receiver) -> None:
    async with serving(keyed=True, egress_allow=LOOPBACK) as served:
        first = await played(served)
        await add(served, receiver.url("/ok/probs"), types=["gore.prob", "media.finished"])
        await add(served, receiver.url("/ok/first"), streams=[first["id"]])
        await played(served, 1)
        await asyncio.to_thread(receiver.wait, "/ok/probs", 2)
        await until(lambda: receiver.at("/ok/probs")[-1].body["type"] == "media.finished")
        assert {got.body["type"] for got in receiver.at("/ok/probs")} == {"gore.prob", "media.finished"}
        assert receiver.at("/ok/first") == []


async def test_the_callback_of_a_stream_is_signed_with_the_secret_of_its_key_which_can_be_replaced(
    receiver: Receiver,
) -> None:
    async with serving(keyed=True, egress_allow=LOOPBACK) as served:
        url = receiver.url("/ok/stream").replace("//", "//user:pass@")
        stream = await played(served, policy={"callback_url": url})
        masked = url.replace("user:pass", "***:***")
        assert stream["policy"]["callback_url"] == masked
        got = await arrived(receiver, "/ok/stream", 3)
        # What is on its way when a secret is replaced may be signed with the old one alone.
        await served.until("/v1/callbacks", lambda answer: not answer["callbacks"])
        _, first = await call(served, "GET", "/v1/webhooks/secret")
        assert first["previous_until"] is None
        assert Webhook(first["secret"]).verify(got[0].raw, dict(got[0].headers))["type"] == "media.started"
        assert got[0].headers["Authorization"].startswith("Basic ")
        _, second = await call(served, "POST", "/v1/webhooks/secret")
        assert second["secret"] != first["secret"]
        assert second["previous_until"] is not None
        assert (await call(served, "GET", "/v1/webhooks/secret"))[1] == second
        before = len(receiver.at("/ok/stream"))
        await played(served, 1, policy={"callback_url": url})
        last = (await arrived(receiver, "/ok/stream", before + 1))[-1]
        for secret in (first["secret"], second["secret"]):
            Webhook(secret).verify(last.raw, dict(last.headers))


async def test_the_configurations_callback_is_for_every_stream_and_has_a_secret_of_its_own(receiver: Receiver) -> None:
    policy = {"callback_url": receiver.url("/ok/everything")}
    async with serving(keyed=True, egress_allow=LOOPBACK, policy=policy) as served:
        await played(served)
        await played(served, 1, policy={"callback_url": None})
        await served.until("/v1/callbacks", lambda answer: not answer["callbacks"])
        got = await arrived(receiver, "/ok/everything")
        assert {one.body["source"] for one in got} == {got[0].body["source"]}
        admin = bearer(await new_key(served.store, Scope.ADMIN))
        await served.access.refresh()
        status, refused = await call(served, "GET", "/v1/webhooks/secret?service=1")
        assert (status, refused["code"]) == (403, "scope_missing")
        _, service = await call(served, "GET", "/v1/webhooks/secret?service=1", **admin)
        Webhook(service["secret"]).verify(got[0].raw, dict(got[0].headers))


async def test_what_is_given_up_is_listed_and_posted_again_when_somebody_asks(receiver: Receiver) -> None:
    async with serving(keyed=True) as served:
        made = await add(served, receiver.url("/ok/private").replace("//", "//user:pass@"))
        stream = await played(served)
        letters = await failed(served, 3)
        assert receiver.at("/ok/private") == []
        letter = letters[0]
        assert letter["error"] == "The address is not on the public internet."
        assert (letter["webhook"], letter["stream"], letter["media"]) == (made["id"], stream["id"], stream["media"])
        assert (letter["type"], letter["number"], letter["attempts"]) == ("media.started", None, 1)
        assert letter["url"].startswith("http://***:***@127.0.0.1:")
        assert int(letter["event"]) > 0
        status, again = await call(served, "POST", f"/v1/callbacks/{letter['id']}/retry")
        assert (status, again["state"], again["attempts"]) == (200, "pending", 0)
        status, info = await call(served, "GET", f"/v1/webhooks/{made['id']}")
        assert (status, info["url"]) == (200, letter["url"])
        assert "secret" not in info


async def test_a_receiver_that_is_gone_is_disabled_until_somebody_enables_it(receiver: Receiver) -> None:
    async with serving(keyed=True, egress_allow=LOOPBACK) as served:
        made = await add(served, receiver.url("/gone/x"))
        await played(served)
        path = f"/v1/webhooks/{made['id']}"
        now = await served.until(path, lambda answer: answer["disabled"] is not None and not answer["pending"])
        assert now["disabled"] == "Its receiver answered 410: it wants no more events."
        assert len(receiver.at("/gone/x")) == 1
        await played(served, 1)
        (letter, *_) = await failed(served)
        status, refused = await call(served, "POST", f"/v1/callbacks/{letter['id']}/retry")
        assert (status, refused["code"]) == (409, "webhook_disabled")
        status, enabled = await call(served, "POST", f"{path}/enable")
        assert (status, enabled["disabled"]) == (200, None)
        status, again = await call(served, "POST", f"/v1/callbacks/{letter['id']}/retry")
        assert (status, again["state"]) == (200, "pending")
        await arrived(receiver, "/gone/x", 2)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/never/hook", "It was answered with 500."),
        ("/redirect/hook", "It was answered with 302."),
        ("/later/hook", "It was answered with 503."),
    ],
)
async def test_what_was_not_taken_is_owed_and_says_why(receiver: Receiver, path: str, words: str) -> None:
    async with serving(keyed=True, egress_allow=LOOPBACK) as served:
        await add(served, receiver.url(path))
        await played(served)
        answer = await served.until(
            "/v1/callbacks?state=pending", lambda answer: any(one["attempts"] for one in answer["callbacks"])
        )
        tried, *waiting = sorted(answer["callbacks"], key=lambda one: str(one["event"]))
        assert (tried["attempts"], tried["error"]) == (1, words)
        assert tried["next_attempt"] is not None
        assert {one["next_attempt"] for one in waiting} == {None}
        assert receiver.at("/ok/redirected") == []
        assert len(receiver.at(path)) == 1


async def test_one_that_hangs_holds_up_nobody_else_and_the_service_ends_all_the_same(receiver: Receiver) -> None:
    async with serving(keyed=True, egress_allow=LOOPBACK) as served:
        await add(served, receiver.url("/hang/hook"))
        await add(served, receiver.url("/ok/beside"))
        await played(served)
        await arrived(receiver, "/ok/beside", 3)
        assert len(await arrived(receiver, "/hang/hook")) == 1
