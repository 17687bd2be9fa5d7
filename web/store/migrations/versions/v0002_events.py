"""Events, media, incidents, reviews, views of clear pictures, scores."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _events()
    _media()
    _incidents()
    _reviews()
    _views()
    _scores()


def _id() -> TypeEngine[str]:
    return sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql")


def _number() -> TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("number", _number(), primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("stream_id", _id(), nullable=False),
        sa.Column("media_id", _id(), nullable=False),
        sa.Column("owner", _id(), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Index("events_stream", "stream_id", "number"),
    )


def _media() -> None:
    op.create_table(
        "media",
        sa.Column("id", _id(), primary_key=True),
        sa.Column("stream_id", _id(), nullable=False),
        sa.Column("request_id", _id(), nullable=False),
        sa.Column("key_id", _id(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("uri", sa.Text, nullable=False),
        sa.Column("started", sa.Float, nullable=False),
        sa.Column("finished", sa.Float),
        sa.Column("codec", sa.String(32)),
        sa.Column("width", sa.Integer),
        sa.Column("height", sa.Integer),
        sa.Column("fps", sa.Float),
        sa.Column("policy", sa.Text),
        sa.Column("operations", sa.Integer),
        sa.Column("prob", sa.Float),
        sa.Column("summary", sa.Text),
        sa.Column("failure", sa.Text),
        sa.Index("media_stream", "stream_id", "id"),
        sa.Index("media_key", "key_id", "id"),
        sa.Index("media_finished", "finished"),
    )


def _incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", _id(), primary_key=True),
        sa.Column("media_id", _id(), nullable=False),
        sa.Column("stream_id", _id(), nullable=False),
        sa.Column("key_id", _id(), nullable=False),
        sa.Column("started", sa.Float, nullable=False),
        sa.Column("start_s", sa.Float, nullable=False),
        sa.Column("end_s", sa.Float),
        sa.Column("peak", sa.Float, nullable=False),
        sa.Column("peak_position_s", sa.Float, nullable=False),
        sa.Column("picture", sa.Text),
        sa.Column("verdict", sa.String(16)),
        sa.Column("note", sa.Text),
        sa.Column("reviewed_by", sa.String(64)),
        sa.Column("reviewed", sa.Float),
        sa.Index("incidents_media", "media_id", "id"),
        sa.Index("incidents_stream", "stream_id", "id"),
        sa.Index("incidents_key", "key_id", "id"),
        sa.Index("incidents_verdict", "verdict", "id"),
        sa.Index("incidents_end", "end_s", "id"),
    )


def _reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", _id(), primary_key=True),
        sa.Column("incident_id", _id(), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("reviewed_by", sa.String(64), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Index("reviews_incident", "incident_id", "id"),
    )


def _views() -> None:
    op.create_table(
        "views",
        sa.Column("id", _id(), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject", _id(), nullable=False),
        sa.Column("key_id", _id(), nullable=False),
        sa.Column("viewed_by", sa.String(64), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Index("views_subject", "subject", "id"),
    )


def _scores() -> None:
    op.create_table(
        "scores",
        sa.Column("media_id", _id(), primary_key=True),
        sa.Column("first_s", sa.Float, primary_key=True),
        sa.Column("last_s", sa.Float, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("step", sa.Float, nullable=False),
        sa.Column("count", sa.SmallInteger, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Index("scores_age", "at"),
        sa.Index("scores_step", "step", "at"),
    )
