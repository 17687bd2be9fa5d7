"""Webhooks: whose they are, what they may be, and how many."""

import asyncio
import json

import aiohttp
import pytest
from standardwebhooks import Webhook

from tests.servers.receiver import Receiver
from tests.web.api.hooks import LOOPBACK, add, arrived, call, played
from tests.web.serving import WITHIN_S, bearer, new_key, serving
from web.access.scopes import Scope
from web.store import keys


async def test_another_keys_webhook_is_as_unknown_as_one_that_never_was(receiver: Receiver) -> None:
    async with serving(keyed=True, egress_allow=LOOPBACK) as served:
        made = await add(served, receiver.url("/ok/mine"))
        theirs = bearer(await new_key(served.store))
        admin = bearer(await new_key(served.store, Scope.ADMIN))
        await served.access.refresh()
        for method, path in (
            ("GET", f"/v1/webhooks/{made['id']}"),
            ("DELETE", f"/v1/webhooks/{made['id']}"),
            ("POST", f"/v1/webhooks/{made['id']}/secret"),
            ("POST", f"/v1/webhooks/{made['id']}/enable"),
            ("GET", "/v1/webhooks/whk_000000000000000000000"),
        ):
            status, refused = await call(served, method, path, **theirs)
            assert (status, refused["code"]) == (404, "webhook_unknown")
        assert (await call(served, "GET", "/v1/webhooks", **theirs))[1] == {"webhooks": []}
        status, _ = await call(served, "POST", "/v1/webhooks", {"url": receiver.url("/ok/theirs")}, **theirs)
        assert status == 201
        mine, theirs_too = (await call(served, "GET", "/v1/webhooks", **admin))[1]["webhooks"]
        assert (mine["id"], theirs_too["id"] != mine["id"]) == (made["id"], True)
        await played(served)
        await arrived(receiver, "/ok/mine", 3)
        assert receiver.at("/ok/theirs") == []


async def test_a_webhook_that_is_deleted_gets_nothing_more(receiver: Receiver) -> None:
    async with serving(keyed=True, egress_allow=LOOPBACK) as served:
        made = await add(served, receiver.url("/never/deleted"))
        await played(served)
        await served.until("/v1/callbacks", lambda answer: len(answer["callbacks"]) >= 3)
        assert await call(served, "DELETE", f"/v1/webhooks/{made['id']}") == (204, None)
        assert (await served.get("/v1/callbacks"))["callbacks"] == []
        status, refused = await call(served, "GET", f"/v1/webhooks/{made['id']}")
        assert (status, refused["code"]) == (404, "webhook_unknown")


async def test_a_new_secret_signs_beside_the_old_one() -> None:
    async with serving(keyed=True) as served:
        made = await add(served, "https://hook.example/")
        status, replaced = await call(served, "POST", f"/v1/webhooks/{made['id']}/secret")
        assert (status, replaced["secret"] != made["secret"]) == (200, True)
        assert replaced["previous_until"] is not None


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["url"]),
        ({"url": "ftp://hook.example/"}, ["url"]),
        ({"url": "/etc/passwd"}, ["url"]),
        ({"url": "http://"}, ["url"]),
        ({"url": "https://h/", "types": []}, ["types"]),
        ({"url": "https://h/", "types": ["gap"]}, ["types.0"]),
        ({"url": "https://h/", "streams": ["lobby"]}, ["streams.0"]),
        ({"url": "https://h/", "secret": "mine"}, ["secret"]),
    ],
)
async def test_what_cannot_be_a_webhook_is_refused_by_name(body: dict[str, object], fields: list[str]) -> None:
    async with serving(keyed=True) as served:
        status, problem = await call(served, "POST", "/v1/webhooks", body)
        assert (status, [error["field"] for error in problem["errors"]]) == (422, fields)


async def test_a_key_has_twenty_at_most() -> None:
    async with serving(keyed=True) as served:
        for _ in range(20):
            await add(served, "https://hook.example/")
        status, problem = await call(served, "POST", "/v1/webhooks", {"url": "https://hook.example/"})
        assert (status, problem["code"]) == (409, "too_many_webhooks")


async def test_scopes_say_who_may_have_webhooks_and_who_sees_which_letters(receiver: Receiver) -> None:
    async with serving(keyed=True) as served:
        checks = bearer(await new_key(served.store, Scope.CHECK))
        streams = bearer(await new_key(served.store, Scope.STREAMS))
        await served.access.refresh()
        for path in ("/v1/webhooks", "/v1/webhooks/secret"):
            status, problem = await call(served, "GET", path, **checks)
            assert (status, problem["code"]) == (403, "scope_missing")
        assert (await call(served, "GET", "/v1/callbacks", **checks))[0] == 200
        assert (await call(served, "GET", "/v1/callbacks", **streams))[0] == 403
        _, token = await call(served, "POST", "/v1/tokens", {"scope": "events"})
        for method, path in (("GET", "/v1/webhooks"), ("POST", "/v1/webhooks"), ("GET", "/v1/webhooks/secret")):
            status, problem = await call(served, method, path, {"url": "https://h/"}, **bearer(token["token"]))
            assert (status, problem["code"]) == (403, "scope_missing")


async def test_without_a_key_webhooks_are_for_everybody_on_this_machine(receiver: Receiver) -> None:
    async with serving(egress_allow=LOOPBACK) as served:
        made = await add(served, receiver.url("/ok/nobodys"))
        await played(served)
        got = await arrived(receiver, "/ok/nobodys", 3)
        Webhook(made["secret"]).verify(got[0].raw, dict(got[0].headers))
        assert json.loads(got[0].raw)["type"] == "media.started"


async def test_when_its_key_is_revoked_a_webhook_is_disabled() -> None:
    async with serving(keyed=True) as served:
        made = await add(served, "https://hook.example/")
        user = served.http.headers["Authorization"].removeprefix("Bearer ").partition(":")[0]
        admin = bearer(await new_key(served.store, Scope.ADMIN))
        async with served.store.writing() as tx:
            await keys.revoke(tx, user, at_s=1.0)
        await served.look_again()
        async with asyncio.timeout(WITHIN_S), aiohttp.ClientSession(served.url, headers=admin) as http:
            while True:
                async with http.get(f"/v1/webhooks/{made['id']}") as response:
                    if (await response.json())["disabled"] == "Its key was revoked.":
                        break
                await asyncio.sleep(0.01)
