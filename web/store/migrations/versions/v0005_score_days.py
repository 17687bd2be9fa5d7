"""The day of each block of scores; on PostgreSQL a partition for each day.

What is there stays where it is, however much that is: it becomes the partition of the day 0, which says nothing.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("scores", sa.Column("day", sa.Integer, nullable=False, server_default="0"))
    if op.get_bind().dialect.name == "postgresql":
        _set_aside()
        _partitioned()
        op.execute("CREATE TABLE scores_rest PARTITION OF scores DEFAULT")
        op.execute("ALTER TABLE scores ATTACH PARTITION scores_undated FOR VALUES FROM (0) TO (1)")


def _set_aside() -> None:
    op.rename_table("scores", "scores_undated")
    op.execute("ALTER INDEX scores_age RENAME TO scores_undated_age")
    op.execute("ALTER INDEX scores_step RENAME TO scores_undated_step")
    op.execute(
        "ALTER TABLE scores_undated DROP CONSTRAINT scores_pkey, "
        "ADD CONSTRAINT scores_undated_pkey PRIMARY KEY (media_id, first_s, day)"
    )


def _partitioned() -> None:
    op.create_table(
        "scores",
        sa.Column("media_id", _id(), primary_key=True),
        sa.Column("first_s", sa.Float, primary_key=True),
        sa.Column("last_s", sa.Float, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("step", sa.Float, nullable=False),
        sa.Column("count", sa.SmallInteger, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("day", sa.Integer, primary_key=True, autoincrement=False, server_default="0"),
        sa.Index("scores_age", "at"),
        sa.Index("scores_step", "step", "at"),
        postgresql_partition_by="RANGE (day)",
    )


def _id() -> TypeEngine[str]:
    return sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql")
