"""Who is told of what, and what is still owed to them: a part of the schema of `tables.py`, with its rules."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from .tables import id_type, metadata

_HOLDER = String(64)

OVER = "state <> 'pending'"
"""Nothing is sent of it. SQLite looks for those by their index where a query says it in these words."""


def _of_few(name: str, *columns: str, which: str) -> Index:
    """It has only some of the rows: to all others it costs nothing."""
    return Index(name, *columns, sqlite_where=text(which), postgresql_where=text(which))


webhooks = Table(
    "webhooks",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("key_id", id_type(), nullable=False),
    Column("url", Text, nullable=False),
    Column("kinds", Text, nullable=False),
    Column("streams", Text, nullable=False),
    Column("sees_all", Boolean, nullable=False),
    Column("created", Float, nullable=False),
    Column("disabled", Text),
    Index("webhooks_key", "key_id"),
)

webhook_secrets = Table(
    "webhook_secrets",
    metadata,
    Column("holder", _HOLDER, primary_key=True),
    Column("secret", String(64), nullable=False),
    Column("previous", String(64)),
    Column("previous_until", Float),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("sender", id_type(), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("style", String(16), nullable=False),
    Column("job_id", id_type(), ForeignKey("jobs.id", ondelete="CASCADE")),
    Column("key_id", id_type(), nullable=False),
    Column("stream_id", id_type()),
    Column("media_id", id_type(), nullable=False),
    Column("kind", String(32)),
    Column("holder", _HOLDER, nullable=False),
    Column("url", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("owed", Float, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt", Float),
    Column("last_error", Text),
    Column("claimed_by", id_type()),
    Column("claimed_until", Float),
    Index("deliveries_number", "sender", "number", unique=True),
    Index("deliveries_state", "state", "id"),
    _of_few("deliveries_due", "next_attempt", which="next_attempt IS NOT NULL"),
    _of_few("deliveries_next", "sender", which="next_attempt IS NOT NULL"),
    _of_few("deliveries_claimed", "sender", which="claimed_until IS NOT NULL"),
    _of_few("deliveries_over", "sender", "state", "number", which=OVER),
    _of_few("deliveries_job", "job_id", which="job_id IS NOT NULL"),
    Index("deliveries_key", "key_id", "id"),
)
"""`next_attempt` is set of each sender's next one alone, so that a long queue costs nothing to look past.

On a server, whose store many nodes may send from, `claimed_by` names the one that sends it now; nobody else does before
`claimed_until`.

The sender is a job, a stream or a webhook. An event may have hundreds of rows, which make it dear to store: they hold
nothing that other columns tell, and do not refer to the webhook, whose removal takes them along without.
"""

unwanted_streams = Table(
    "unwanted_streams",
    metadata,
    Column("stream_id", id_type(), primary_key=True),
    Column("at", Float, nullable=False),
)
"""Those whose receiver, of their `callback_url`, answered 410."""
