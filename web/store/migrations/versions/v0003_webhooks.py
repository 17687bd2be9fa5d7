"""Webhooks with their secrets, and one table for all that is owed to receivers, which the callbacks of jobs move to."""

from collections.abc import Sequence
from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0003"
down_revision = "0002"

_ROWS = 500
_OLD = sa.text(
    "SELECT c.id, c.job_id, c.number, c.body, c.url, c.state, c.attempts, c.next_attempt, c.last_error, j.key_id, "
    "j.started, NOT EXISTS (SELECT 1 FROM callbacks e WHERE e.job_id = c.job_id AND e.number < c.number "
    "AND e.state = 'pending') AS first "
    "FROM callbacks c JOIN jobs j ON j.id = c.job_id WHERE c.id > :after ORDER BY c.id LIMIT :rows"
)


def upgrade() -> None:
    _webhooks()
    deliveries = _deliveries()
    after = ""
    while rows := op.get_bind().execute(_OLD, {"after": after, "rows": _ROWS}).mappings().all():
        op.bulk_insert(deliveries, _moved(rows))
        after = rows[-1]["id"]
    op.drop_table("callbacks")


def _id() -> TypeEngine[str]:
    return sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql")


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", _id(), primary_key=True),
        sa.Column("key_id", _id(), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("kinds", sa.Text, nullable=False),
        sa.Column("streams", sa.Text, nullable=False),
        sa.Column("sees_all", sa.Boolean, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("disabled", sa.Text),
        sa.Index("webhooks_key", "key_id"),
    )
    op.create_table(
        "webhook_secrets",
        sa.Column("holder", sa.String(64), primary_key=True),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("previous", sa.String(64)),
        sa.Column("previous_until", sa.Float),
    )


def _deliveries() -> sa.Table:
    return op.create_table(
        "deliveries",
        sa.Column("id", _id(), primary_key=True),
        sa.Column("sender", _id(), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("style", sa.String(16), nullable=False),
        sa.Column("job_id", _id(), sa.ForeignKey("jobs.id", ondelete="CASCADE")),
        sa.Column("webhook_id", _id(), sa.ForeignKey("webhooks.id", ondelete="CASCADE")),
        sa.Column("key_id", _id(), nullable=False),
        sa.Column("stream_id", _id()),
        sa.Column("media_id", _id(), nullable=False),
        sa.Column("event_id", sa.String(20)),
        sa.Column("kind", sa.String(32)),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("owed", sa.Float, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt", sa.Float),
        sa.Column("last_error", sa.Text),
        sa.Index("deliveries_number", "sender", "number", unique=True),
        sa.Index("deliveries_turn", "sender", "state", "number"),
        sa.Index("deliveries_state", "state", "id"),
        sa.Index("deliveries_due", "next_attempt"),
        sa.Index("deliveries_job", "job_id"),
        sa.Index("deliveries_webhook", "webhook_id"),
        sa.Index("deliveries_key", "key_id", "id"),
    )


def _moved(rows: Sequence[sa.RowMapping]) -> list[dict[str, object]]:
    return [
        {
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
            # Of each job its next one alone has a time.
            "next_attempt": row["next_attempt"] if row["first"] else None,
            "last_error": row["last_error"],
        }
        for row in rows
    ]
