"""Who is told of what, and what is still owed to them: a part of the schema of `tables.py`, with its rules."""

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from .tables import id_type, metadata

_HOLDER = String(64)

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
    Column("webhook_id", id_type(), ForeignKey("webhooks.id", ondelete="CASCADE")),
    Column("key_id", id_type(), nullable=False),
    Column("stream_id", id_type()),
    Column("media_id", id_type(), nullable=False),
    Column("event_id", String(20)),
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
    Index("deliveries_number", "sender", "number", unique=True),
    Index("deliveries_turn", "sender", "state", "number"),
    Index("deliveries_state", "state", "id"),
    Index("deliveries_due", "next_attempt"),
    Index("deliveries_job", "job_id"),
    Index("deliveries_webhook", "webhook_id"),
    Index("deliveries_key", "key_id", "id"),
)
"""`next_attempt` is set of each sender's next one alone, so that a long queue costs nothing to look past."""
