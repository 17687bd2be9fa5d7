"""Webhooks and their secrets in the store, and the step that brought them."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from sqlalchemy import inspect, text

from web.delivery.delivery import DeliveryState, Style
from web.delivery.endpoint import Endpoint
from web.store import deliveries, webhooks
from web.store.delivery_tables import deliveries as table
from web.store.store import Store, open_store
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
_OLD_CALLBACKS = """
CREATE TABLE callbacks (
    id VARCHAR(32) PRIMARY KEY, job_id VARCHAR(32) NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    number INTEGER NOT NULL, body BLOB NOT NULL, url TEXT NOT NULL, state VARCHAR(16) NOT NULL,
    attempts INTEGER NOT NULL, next_attempt FLOAT, last_error TEXT
)
"""


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


async def test_callbacks_of_an_older_store_are_owed_on(url: str) -> None:
    async with open_store(url):
        pass
    path = Path(url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as old, old:
        for name in ("deliveries", "webhooks", "webhook_secrets"):
            old.execute(f"DROP TABLE {name}")
        old.execute(_OLD_CALLBACKS)
        old.execute("UPDATE meta SET value = '1' WHERE name = 'version'")
        old.execute(
            "INSERT INTO jobs (id, request_id, key_id, kind, uri, address, models, interval, max_duration, status, "
            "started, last_update, operations) "
            "VALUES ('med_a', 'req_a', '7', 'address', 'u', 'u', 'gore', 2, 60, 'ongoing', 50, 50, 0)"
        )
        states = ((1, "delivered", None), (2, "pending", 99.0), (3, "pending", 98.0), (4, "failed", None))
        old.executemany(
            "INSERT INTO callbacks VALUES (?, 'med_a', ?, x'7b7d', 'https://u:p@H.example/', ?, 1, ?, NULL)",
            [(f"cbk_{number}", number, state, next_s) for number, state, next_s in states],
        )
    async with open_store(url) as store, store.reading() as tx:
        found = await deliveries.listed(tx, styles=tuple(Style), limit=10)
        assert [(one.id, one.state.value, one.next_attempt_s) for one in found] == [
            ("cbk_1", "delivered", None),
            ("cbk_2", "pending", 99.0),
            ("cbk_3", "pending", None),
            ("cbk_4", "failed", None),
        ]
        assert (found[1].job_id, found[1].key_id, found[1].host) == ("med_a", "7", "h.example")
        assert (found[1].body, found[1].attempts, found[1].owed_s) == (b"{}", 1, 50.0)
        assert found[1].state is DeliveryState.PENDING
        tables = await tx.run_sync(lambda connection: inspect(connection).get_table_names())
        assert "callbacks" not in tables


async def test_an_older_store_ends_up_with_the_same_tables_as_a_new_one(url: str, tmp_path: Path) -> None:
    async with open_store(url):
        pass
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as old, old:
        for name in ("deliveries", "webhooks", "webhook_secrets"):
            old.execute(f"DROP TABLE {name}")
        old.execute(_OLD_CALLBACKS)
        old.execute("UPDATE meta SET value = '1' WHERE name = 'version'")
    made = []
    for one in (url, f"sqlite:///{tmp_path}/new.db"):
        async with open_store(one) as store, store.reading() as tx:
            rows = await tx.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"))
            made.append([tuple(row) for row in rows])
    assert made[0] == made[1]
    assert table.name in {name for name, _ in made[0]}
