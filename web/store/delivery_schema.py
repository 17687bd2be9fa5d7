"""The step that brought `webhooks`, `webhook_secrets` and `deliveries`, which `callbacks` went into. Never changed."""

from urllib.parse import urlsplit

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    insert,
    text,
)

_ROWS = 500
_OLD = text(
    "SELECT c.id, c.job_id, c.number, c.body, c.url, c.state, c.attempts, c.next_attempt, c.last_error, j.key_id, "
    "j.started, NOT EXISTS (SELECT 1 FROM callbacks e WHERE e.job_id = c.job_id AND e.number < c.number "
    "AND e.state = 'pending') AS first FROM callbacks c JOIN jobs j ON j.id = c.job_id ORDER BY c.job_id, c.number"
)


def upgrade(connection: Connection) -> None:
    """Make the tables, move the callbacks of jobs there, and drop theirs."""
    tables = MetaData()
    tables.reflect(connection, only=["jobs"])
    made = _tables(tables)
    for table in made:
        table.create(connection)
    found = connection.execute(_OLD).mappings()
    while rows := found.fetchmany(_ROWS):
        connection.execute(insert(made[-1]), [_moved(row) for row in rows])
    connection.execute(text("DROP TABLE callbacks"))


def _moved(row: RowMapping) -> dict[str, object]:
    return {
        "id": row["id"],
        "sender": row["job_id"],
        "number": row["number"],
        "style": "sightengine",
        "job_id": row["job_id"],
        "key_id": row["key_id"],
        "media_id": row["job_id"],
        "holder": "",
        "url": row["url"],
        "host": urlsplit(row["url"]).netloc.rpartition("@")[2].lower(),
        "body": row["body"],
        "owed": row["started"],
        "state": row["state"],
        "attempts": row["attempts"],
        "next_attempt": row["next_attempt"] if row["first"] else None,
        "last_error": row["last_error"],
    }


def _tables(metadata: MetaData) -> tuple[Table, Table, Table]:
    webhooks = Table(
        "webhooks",
        metadata,
        Column("id", String(32), primary_key=True),
        Column("key_id", String(32), nullable=False, index=True),
        Column("url", Text, nullable=False),
        Column("kinds", Text, nullable=False),
        Column("streams", Text, nullable=False),
        Column("sees_all", Boolean, nullable=False),
        Column("created", Float, nullable=False),
        Column("disabled", Text),
    )
    webhook_secrets = Table(
        "webhook_secrets",
        metadata,
        Column("holder", String(64), primary_key=True),
        Column("secret", String(64), nullable=False),
        Column("previous", String(64)),
        Column("previous_until", Float),
    )
    return webhooks, webhook_secrets, _deliveries(metadata)


def _deliveries(metadata: MetaData) -> Table:
    return Table(
        "deliveries",
        metadata,
        Column("id", String(32), primary_key=True),
        Column("sender", String(32), nullable=False),
        Column("number", BigInteger, nullable=False),
        Column("style", String(16), nullable=False),
        Column("job_id", String(32), ForeignKey("jobs.id", ondelete="CASCADE"), index=True),
        Column("webhook_id", String(32), ForeignKey("webhooks.id", ondelete="CASCADE"), index=True),
        Column("key_id", String(32), nullable=False, index=True),
        Column("stream_id", String(32)),
        Column("media_id", String(32), nullable=False),
        Column("event_id", String(20)),
        Column("kind", String(32)),
        Column("holder", String(64), nullable=False),
        Column("url", Text, nullable=False),
        Column("host", Text, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("owed", Float, nullable=False),
        Column("state", String(16), nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("next_attempt", Float, index=True),
        Column("last_error", Text),
        Index("deliveries_number", "sender", "number", unique=True),
        Index("deliveries_turn", "sender", "state", "number"),
        Index("deliveries_state", "state", "id"),
    )
