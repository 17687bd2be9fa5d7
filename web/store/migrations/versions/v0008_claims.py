"""Deliveries that a node has claimed to send, and streams whose receiver wants no more events."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0008"
down_revision = "0007"

_CLAIMED = "claimed_until IS NOT NULL"


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("claimed_by", _id()))
    op.add_column("deliveries", sa.Column("claimed_until", sa.Float))
    op.create_index(
        "deliveries_claimed",
        "deliveries",
        ["sender"],
        sqlite_where=sa.text(_CLAIMED),
        postgresql_where=sa.text(_CLAIMED),
    )
    op.create_table(
        "unwanted_streams",
        sa.Column("stream_id", _id(), primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
    )


def _id() -> TypeEngine[str]:
    return sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql")
