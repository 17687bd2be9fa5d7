"""Which service what goes on belongs to; rows from before say nothing of it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    for table in ("jobs", "media", "standing_streams", "uploads"):
        op.add_column(table, sa.Column("region", sa.String(32)))
    with op.batch_alter_table("meta") as meta:
        meta.alter_column("name", existing_type=sa.String(32), type_=sa.String(64), existing_nullable=False)
