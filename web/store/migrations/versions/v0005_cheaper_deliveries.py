"""Rows of deliveries with less in them: without what other columns tell, and in no index that does not need them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_FEW = (
    ("deliveries_due", "next_attempt", "next_attempt"),
    ("deliveries_next", "sender", "next_attempt"),
    ("deliveries_job", "job_id", "job_id"),
)
"""An index, its column, and the one that has a value in few rows."""


def upgrade() -> None:
    for name in ("deliveries_due", "deliveries_job", "deliveries_webhook"):
        op.drop_index(name, "deliveries")
    with op.batch_alter_table("deliveries") as deliveries:
        deliveries.drop_column("webhook_id")
        deliveries.drop_column("event_id")
    for name, column, filled in _FEW:
        has_one = sa.text(f"{filled} IS NOT NULL")
        op.create_index(name, "deliveries", [column], sqlite_where=has_one, postgresql_where=has_one)
