"""Rows of deliveries with less in them: without what other columns tell, and in no index that does not need them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_OF_FEW = (
    ("deliveries_due", ["next_attempt"], "next_attempt IS NOT NULL"),
    ("deliveries_next", ["sender"], "next_attempt IS NOT NULL"),
    ("deliveries_over", ["sender", "state", "number"], "state <> 'pending'"),
    ("deliveries_job", ["job_id"], "job_id IS NOT NULL"),
)
"""An index, its columns, and which rows are in it."""


def upgrade() -> None:
    for name in ("deliveries_due", "deliveries_turn", "deliveries_job", "deliveries_webhook"):
        op.drop_index(name, "deliveries")
    with op.batch_alter_table("deliveries") as deliveries:
        deliveries.drop_column("webhook_id")
        deliveries.drop_column("event_id")
    for name, columns, which in _OF_FEW:
        op.create_index(name, "deliveries", columns, sqlite_where=sa.text(which), postgresql_where=sa.text(which))
