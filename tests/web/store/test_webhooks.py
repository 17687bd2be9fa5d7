"""Webhooks and their secrets in the store."""

from dataclasses import replace

from web.delivery.endpoint import Endpoint
from web.store import webhooks
from web.store.store import Store
from web.store.webhooks import BOTH_SIGN_S, Secret

HOOK = Endpoint(
    id="whk_a",
    key_id="1",
    url="https://h/",
    kinds=("gore.prob", "media.failed"),
    streams=("str_a", "str_b"),
    sees_all=True,
    created_s=1.0,
)


async def test_a_webhook_comes_back_as_it_went_in_until_it_is_removed(store: Store) -> None:
    nobodys = Endpoint(id="whk_b", key_id=None, url="http://i/", created_s=0.5)
    async with store.writing() as tx:
        await webhooks.add(tx, HOOK, secret="whsec_a")
        await webhooks.add(tx, nobodys, secret="whsec_b")
        assert await webhooks.listed(tx) == (nobodys, HOOK)
        assert [await webhooks.count_of(tx, key_id) for key_id in ("1", None, "2")] == [1, 1, 0]
        await webhooks.disable(tx, ["whk_a"], "Gone.")
        assert await webhooks.listed(tx) == (nobodys, replace(HOOK, disabled="Gone."))
        await webhooks.remove(tx, "whk_a")
        assert await webhooks.listed(tx) == (nobodys,)
        assert await webhooks.secret_of(tx, "whk_a") is None


async def test_a_secret_that_is_replaced_signs_on_for_a_day(store: Store) -> None:
    async with store.writing() as tx:
        assert await webhooks.secret_of(tx, "key:1") is None
        assert await webhooks.secret_or(tx, "key:1", "whsec_1") == Secret("whsec_1")
        assert await webhooks.secret_or(tx, "key:1", "whsec_9") == Secret("whsec_1")
        replaced = await webhooks.replace_secret(tx, "key:1", "whsec_2", now_s=1000.0)
        assert await webhooks.secret_of(tx, "key:1") == replaced
        assert replaced.signing(now_s=999.0 + BOTH_SIGN_S) == ("whsec_2", "whsec_1")
        assert replaced.signing(now_s=1000.0 + BOTH_SIGN_S) == ("whsec_2",)
        assert (await webhooks.replace_secret(tx, "key:2", "whsec_3", now_s=1.0)).signing(now_s=1.0) == ("whsec_3",)
