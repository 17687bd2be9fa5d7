"""Live streams that the next service takes up again."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "standing_streams",
        sa.Column("id", _id(), primary_key=True),
        sa.Column("key_id", _id(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("added", sa.Float, nullable=False),
        sa.Index("standing_streams_name", "key_id", "name"),
    )


def _id() -> TypeEngine[str]:
    return sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql")
