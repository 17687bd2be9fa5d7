"""For how long a clear picture was shown."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("views", sa.Column("shown_s", sa.Float))
