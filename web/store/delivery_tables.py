"""Who is told of what, and what is still owed to them: a part of the schema of `tables.py`, with its rules."""

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from .tables import metadata

_ID = String(32)
_KEY = String(32)
_HOLDER = String(64)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("key_id", _KEY, nullable=False, index=True),
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
    Column("holder", _HOLDER, primary_key=True),
    Column("secret", String(64), nullable=False),
    Column("previous", String(64)),
    Column("previous_until", Float),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("sender", _ID, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("style", String(16), nullable=False),
    Column("job_id", _ID, ForeignKey("jobs.id", ondelete="CASCADE"), index=True),
    Column("webhook_id", _ID, ForeignKey("webhooks.id", ondelete="CASCADE"), index=True),
    Column("key_id", _KEY, nullable=False, index=True),
    Column("stream_id", _ID),
    Column("media_id", _ID, nullable=False),
    Column("event_id", String(20)),
    Column("kind", String(32)),
    Column("holder", _HOLDER, nullable=False),
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
"""`next_attempt` is set of each sender's next one alone, so that a long queue costs nothing to look past."""
