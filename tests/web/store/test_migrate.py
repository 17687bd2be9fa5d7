"""Stores of every earlier version: brought to the present schema with all that is in them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from inference.policy import Policy
from stream.ids import make_id
from tests.web.store.test_blocks import wave
from tests.web.store.test_jobs import FRAMES, JOB
from tests.web.store.test_keys import FIRST
from web.delivery.delivery import DeliveryState, Style
from web.delivery.endpoint import Endpoint
from web.delivery.history import Entry
from web.store import (
    deliveries,
    delivery_tables,
    events,
    incidents,
    jobs,
    keys,
    media,
    meta,
    migrate,
    reviews,
    scores,
    standing,
    views,
    watched,
    webhooks,
)
from web.store.errors import StoreError
from web.store.postgres import open_database as open_postgres
from web.store.scores import block_of
from web.store.sqlite import open_database as open_sqlite
from web.store.store import Store, open_store
from web.store.tables import metadata

FOLDER = Path(migrate.__file__).parent / "migrations"
REVISIONS = sorted(path.name[1:5] for path in (FOLDER / "versions").glob("v[0-9]*.py"))
NEWEST = (REVISIONS[-1], str(int(REVISIONS[-1])).encode())
assert watched.events.metadata is delivery_tables.deliveries.metadata is metadata
WATCHED = make_id("med", 1_790_000_000_000, bytes(11))
"""A media whose id tells when it began."""
DOOR = standing.StandingStream(
    id="str_a", owner="1", name="door", address="rtsp://u:p@h/", policy=Policy(fps=3), added_s=5.0
)
HOOK = Endpoint(id="whk_a", key_id="1", url="https://h/", kinds=("gore.prob",), created_s=3.0)


async def before(address: str, do: Callable[[Connection], None]) -> None:
    """Do something with a store as an earlier version would have left it."""
    database = open_sqlite(address) if address.startswith("sqlite") else open_postgres(address)
    try:
        async with Store(database).writing() as tx:
            await tx.run_sync(do)
    finally:
        await database.engine.dispose()


def earlier(revision: str) -> Callable[[Connection], None]:
    """The schema of a revision with a row in each of the tables that people would miss."""

    def make(connection: Connection) -> None:
        migrate.bring_up(connection, to=revision)
        insert(connection, "keys", id="1", name="one", secret_hash="h", scopes="check admin", created=10.0)
        values = {"id": "med_a", "request_id": "req_a", "key_id": "1", "kind": "stored", "models": "gore gore-2.0"}
        times = {"interval": 2.0, "max_duration": 1800.0, "started": 10.25, "last_update": 10.25, "operations": 0}
        insert(connection, "jobs", **values, **times, uri=JOB.uri, address=JOB.address, status="ongoing")
        for frame in FRAMES:
            detail = None if frame.detail is None else json.dumps(frame.detail)
            place = {"job_id": "med_a", "number": frame.number, "position_ms": frame.position_ms}
            insert(connection, "job_frames", **place, prob=frame.prob, detail=detail)
        insert(connection, "meta", name="signing_key", value=b"k" * 32)
        if revision >= "0002":
            moderated(connection)
        if revision >= "0003":
            owed_to_receivers(connection, revision)
        else:
            callbacks_of_jobs(connection)
        if revision >= "0009":
            insert(connection, "meta", name=f"event_log_place:{'x' * 32}", value=b"7")
        if revision >= "0007":
            stands = {"id": "str_a", "key_id": "1", "name": "door", "address": "rtsp://u:p@h/", "policy": '{"fps": 3}'}
            insert(connection, "standing_streams", **stands, added=5.0)

    return make


def moderated(connection: Connection) -> None:
    """What revision 0002 brought."""
    ids = {"stream_id": "str_a", "key_id": "1"}
    insert(
        connection, "events", number=7, kind="gore.prob", stream_id="str_a", media_id="m", owner="", at=1.0, data=b"{}"
    )
    insert(connection, "media", **ids, id="med_a", request_id="req_a", name="door", uri="rtsp://h/", started=1.0)
    place = {"start_s": 2.0, "peak": 0.5, "peak_position_s": 2.0}
    insert(connection, "incidents", **ids, **place, id="inc_a", media_id="med_a", started=1.0)
    review = {"id": "rev_a", "incident_id": "inc_a", "verdict": "confirmed", "reviewed_by": "1", "at": 3.0}
    insert(connection, "reviews", **review)
    insert(connection, "views", id="viw_a", kind="preview", subject="str_a", key_id="1", viewed_by="1", at=3.0)
    block = block_of("med_a", wave(9), at_s=1.0)
    spans = {"first_s": block.first_s, "last_s": block.last_s, "at": 1.0, "step": 0.0, "count": 9}
    for media_id in ("med_a", WATCHED):
        insert(connection, "scores", media_id=media_id, **spans, data=block.data)


def callbacks_of_jobs(connection: Connection) -> None:
    """What revision 0003 took away. One was taken, one is due again, one waits for it."""
    for number, state, attempts, next_attempt in (
        (1, "delivered", 1, None),
        (2, "pending", 2, 5.0),
        (3, "pending", 0, 6.0),
        (4, "failed", 6, None),
    ):
        owed = {"id": f"cbk_{number}", "job_id": "med_a", "number": number, "body": b"{}", "url": "https://u:p@H:8443/"}
        times = {"attempts": attempts, "next_attempt": next_attempt}
        insert(connection, "callbacks", **owed, **times, state=state)


def owed_to_receivers(connection: Connection, revision: str) -> None:
    """What revision 0003 brought."""
    hook = {"id": HOOK.id, "key_id": "1", "url": HOOK.url, "kinds": "gore.prob", "streams": "", "created": 3.0}
    insert(connection, "webhooks", **hook, sees_all=False)
    insert(connection, "webhook_secrets", holder=HOOK.id, secret="whsec_AAAA")
    place = {"sender": HOOK.id, "style": "standard", "key_id": "1"}
    event = {"stream_id": "str_a", "media_id": "med_a", "kind": "gore.prob", "holder": HOOK.id}
    owed = {"url": HOOK.url, "host": "h", "body": b"{}", "owed": 4.0, "state": "pending", "attempts": 0}
    for number, next_attempt in ((7, 4.0), (8, None)):
        # What revision 0006 took away.
        more = {"webhook_id": HOOK.id, "event_id": str(number)} if revision < "0006" else {}
        its = {"id": f"cbk_{number + 2}", "number": number, "next_attempt": next_attempt}
        insert(connection, "deliveries", **its, **place, **event, **owed, **more)


async def check_owed(tx: AsyncConnection) -> None:
    hooks = await webhooks.listed(tx)
    if hooks:
        assert hooks == (HOOK,)
        assert await webhooks.secret_of(tx, HOOK.id) == webhooks.Secret("whsec_AAAA")
        owed = await deliveries.listed(tx, styles=[Style.STANDARD], limit=9, after_id="cbk_8")
        assert [(one.sender, one.number, one.style) for one in owed] == [(HOOK.id, 7, Style.STANDARD)]
        assert (owed[0].webhook_id, owed[0].event_id, owed[0].next_attempt_s) == (HOOK.id, f"{7:020}", 4.0)
        waiting = await deliveries.find(tx, "cbk_10")
        assert waiting is not None
        assert (waiting.number, waiting.body, waiting.next_attempt_s) == (8, b"{}", None)
        return
    found = await deliveries.listed(tx, styles=[Style.SIGHTENGINE], limit=9)
    assert [(one.id, one.number, one.state, one.attempts, one.next_attempt_s) for one in found] == [
        ("cbk_1", 1, DeliveryState.DELIVERED, 1, None),
        ("cbk_2", 2, DeliveryState.PENDING, 2, 5.0),
        # Its turn has not come.
        ("cbk_3", 3, DeliveryState.PENDING, 0, None),
        ("cbk_4", 4, DeliveryState.FAILED, 6, None),
    ]
    assert {(one.job_id, one.media_id, one.key_id, one.host, one.body, one.owed_s) for one in found} == {
        ("med_a", "med_a", "1", "h:8443", b"{}", 10.25)
    }


async def check_moderated(tx: AsyncConnection) -> None:
    assert await events.after(tx, 0, 9) == [Entry(7, "gore.prob", "str_a", b"{}")]
    found = await media.find(tx, "med_a")
    assert found is not None
    assert (found.facts.name, found.facts.owner, found.end) == ("door", "1", None)
    incident = await incidents.find(tx, "inc_a")
    assert incident is not None
    assert (incident.incident.peak, incident.incident.end_s) == (0.5, None)
    assert [review.id for review in await reviews.listed(tx, "inc_a", limit=9)] == ["rev_a"]
    assert [view.id for view in await views.listed(tx, limit=9)] == ["viw_a"]
    for media_id in ("med_a", WATCHED):
        assert await scores.read(tx, media_id) == wave(9)
        assert await scores.size(tx, media_id) == scores.Size(samples=9, blocks=1)


def insert(connection: Connection, table: str, **values: object) -> None:
    names = ", ".join(f'"{name}"' for name in values)
    places = ", ".join(f":{name}" for name in values)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({places})"), values)  # noqa: S608


def before_alembic(connection: Connection) -> None:
    """As version 0.1 left it: a number in `meta` and no table of Alembic's."""
    earlier("0001")(connection)
    connection.execute(text("DROP TABLE alembic_version"))


async def differences(store: Store) -> object:
    def described(name: str | None, kind: str, _: object) -> bool:
        """The partitions of a table are described by that alone."""
        return kind != "table" or not (name or "").startswith("scores_")

    def compare(connection: Connection) -> object:
        options = {"compare_type": True, "include_name": described}
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)

    async with store.reading() as tx:
        return await tx.run_sync(compare)


async def version(store: Store) -> tuple[str, bytes | None]:
    async with store.reading() as tx:
        revision = (await tx.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
        return revision, await meta.get(tx, "version")


def test_the_newest_revision_is_the_last_step() -> None:
    assert REVISIONS[-1] == migrate.NEWEST


async def test_a_new_store_has_the_tables_that_are_described(address: str) -> None:
    async with open_store(address) as store:
        assert await differences(store) == []
        assert await version(store) == NEWEST


@pytest.mark.parametrize(
    "made", [before_alembic, *(earlier(revision) for revision in REVISIONS)], ids=["before Alembic", *REVISIONS]
)
async def test_an_earlier_store_is_led_up_with_all_that_is_in_it(
    address: str, made: Callable[[Connection], None]
) -> None:
    await before(address, made)
    for _ in range(2):
        async with open_store(address) as store:
            assert await differences(store) == []
            assert await version(store) == NEWEST
            async with store.reading() as tx:
                assert await keys.listed(tx) == (FIRST,)
                assert await jobs.find(tx, JOB.id) == JOB
                assert await jobs.frames(tx, JOB.id) == FRAMES
                await check_owed(tx)
                assert await meta.get(tx, "signing_key") == b"k" * 32
                if await events.highest(tx):
                    await check_moderated(tx)
                if found := await standing.listed(tx):
                    assert found == (DOOR,)


async def test_a_store_of_a_newer_version_is_refused_and_left_alone(address: str) -> None:
    async with open_store(address) as store, store.writing() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '0099'"))
    with pytest.raises(StoreError, match=f"newer gorewatch \\(schema 99, this one knows {int(REVISIONS[-1])}\\)"):
        async with open_store(address):
            pass

    def untouched(connection: Connection) -> None:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "0099"

    await before(address, untouched)


async def test_a_database_of_something_else_is_refused_and_left_alone(address: str) -> None:
    def songs(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE songs (name TEXT)"))

    await before(address, songs)
    with pytest.raises(StoreError, match="a database of something else"):
        async with open_store(address):
            pass

    def untouched(connection: Connection) -> None:
        assert connection.dialect.has_table(connection, "songs")
        assert not connection.dialect.has_table(connection, "meta")

    await before(address, untouched)


async def test_a_step_that_fails_leaves_the_store_as_it_was(address: str, tmp_path: Path) -> None:
    async with open_store(address) as store, store.writing() as tx:
        await keys.add(tx, FIRST)
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    for path in FOLDER.rglob("*.py"):
        (folder / path.relative_to(FOLDER)).write_text(path.read_text())
    (folder / "versions" / "v9999_bad.py").write_text(
        f'from alembic import op\nrevision = "9999"\ndown_revision = "{REVISIONS[-1]}"\n'
        'def upgrade():\n    op.drop_table("keys")\n    raise ZeroDivisionError\n'
    )
    with pytest.raises(ZeroDivisionError):
        await before(address, lambda connection: migrate.bring_up(connection, folder=folder, to="9999"))
    async with open_store(address) as store:
        assert await version(store) == NEWEST
        async with store.reading() as tx:
            assert await keys.listed(tx) == (FIRST,)
