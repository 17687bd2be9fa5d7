"""Keys, jobs with their frames and callbacks, uploads, feedback: the schema before there was Alembic."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )
    _keys()
    _jobs()
    _callbacks()
    _uploads()
    _feedback()


def _id() -> TypeEngine[str]:
    return sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql")


def _keys() -> None:
    op.create_table(
        "keys",
        sa.Column("id", _id(), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("secret_hash", sa.String(255), nullable=False),
        sa.Column("scopes", sa.String(255), nullable=False),
        sa.Column("rate", sa.Float),
        sa.Column("jobs", sa.Integer),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("last_used", sa.Float),
        sa.Column("revoked", sa.Float),
    )


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", _id(), primary_key=True),
        sa.Column("request_id", _id(), nullable=False),
        sa.Column("key_id", _id(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("uri", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("models", sa.String(255), nullable=False),
        sa.Column("interval", sa.Float, nullable=False),
        sa.Column("workflow", sa.Text),
        sa.Column("callback_url", sa.Text),
        sa.Column("max_duration", sa.Float, nullable=False),
        sa.Column("idempotency_key", sa.String(255)),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("started", sa.Float, nullable=False),
        sa.Column("last_update", sa.Float, nullable=False),
        sa.Column("operations", sa.Integer, nullable=False),
        sa.Column("progress", sa.Float),
        sa.Column("error", sa.Text),
        sa.Column("finished", sa.Float),
        sa.Index("jobs_idempotency", "key_id", "idempotency_key", unique=True),
        sa.Index("jobs_status", "status", "key_id"),
        sa.Index("jobs_finished", "finished"),
    )
    op.create_table(
        "job_frames",
        sa.Column("job_id", _id(), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position_ms", sa.Integer, nullable=False),
        sa.Column("prob", sa.Float, nullable=False),
        sa.Column("detail", sa.Text),
    )


def _callbacks() -> None:
    op.create_table(
        "callbacks",
        sa.Column("id", _id(), primary_key=True),
        sa.Column("job_id", _id(), sa.ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt", sa.Float),
        sa.Column("last_error", sa.Text),
        sa.Index("callbacks_order", "job_id", "number", unique=True),
        sa.Index("callbacks_due", "state", "next_attempt"),
    )


def _uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("media_id", _id(), primary_key=True),
        sa.Column("key_id", _id(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("expires", sa.Float, nullable=False),
        sa.Column("path", sa.Text),
        sa.Column("used", sa.Float),
        sa.Index("ix_uploads_expires", "expires"),
    )


def _feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", _id(), primary_key=True),
        sa.Column("key_id", _id(), nullable=False),
        sa.Column("model", sa.String(32), nullable=False),
        sa.Column("class", sa.String(32), nullable=False),
        sa.Column("uri", sa.Text, nullable=False),
        sa.Column("path", sa.Text),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("prob", sa.Float),
    )
