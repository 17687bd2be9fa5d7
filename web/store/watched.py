"""The schema of what moderation leaves behind. Times are Unix seconds, positions seconds of media time.

Rows refer to each other by id alone: what is kept for a week must not hold on to what is kept for a year.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeEngine

from .tables import id_type, metadata


def number_type() -> TypeEngine[int]:
    """64 bits. SQLite has such keys as the number of the row itself when they are called INTEGER."""
    return BigInteger().with_variant(Integer, "sqlite")


events = Table(
    "events",
    metadata,
    Column("number", number_type(), primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False),
    Column("stream_id", id_type(), nullable=False),
    Column("media_id", id_type(), nullable=False),
    Column("owner", id_type(), nullable=False),
    Column("at", Float, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("events_stream", "stream_id", "number"),
)

media = Table(
    "media",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("stream_id", id_type(), nullable=False),
    Column("request_id", id_type(), nullable=False),
    Column("key_id", id_type(), nullable=False),
    Column("name", String(64), nullable=False),
    Column("uri", Text, nullable=False),
    Column("started", Float, nullable=False),
    Column("finished", Float),
    Column("codec", String(32)),
    Column("width", Integer),
    Column("height", Integer),
    Column("fps", Float),
    Column("policy", Text),
    Column("operations", Integer),
    Column("prob", Float),
    Column("summary", Text),
    Column("failure", Text),
    # Of the service that watches it; versions before regions named none.
    Column("region", String(32)),
    Index("media_stream", "stream_id", "id"),
    Index("media_key", "key_id", "id"),
    Index("media_finished", "finished"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("media_id", id_type(), nullable=False),
    Column("stream_id", id_type(), nullable=False),
    Column("key_id", id_type(), nullable=False),
    Column("started", Float, nullable=False),
    Column("start_s", Float, nullable=False),
    Column("end_s", Float),
    Column("peak", Float, nullable=False),
    Column("peak_position_s", Float, nullable=False),
    Column("picture", Text),
    # The newest review, so that lists need not look for it.
    Column("verdict", String(16)),
    Column("note", Text),
    Column("reviewed_by", String(64)),
    Column("reviewed", Float),
    Index("incidents_media", "media_id", "id"),
    Index("incidents_stream", "stream_id", "id"),
    Index("incidents_key", "key_id", "id"),
    Index("incidents_verdict", "verdict", "id"),
    Index("incidents_end", "end_s", "id"),
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("incident_id", id_type(), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("note", Text),
    Column("reviewed_by", String(64), nullable=False),
    Column("at", Float, nullable=False),
    Index("reviews_incident", "incident_id", "id"),
)

views = Table(
    "views",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("subject", id_type(), nullable=False),
    Column("key_id", id_type(), nullable=False),
    Column("viewed_by", String(64), nullable=False),
    Column("at", Float, nullable=False),
    Column("shown_s", Float),
    Index("views_subject", "subject", "id"),
)

scores = Table(
    "scores",
    metadata,
    Column("media_id", id_type(), primary_key=True),
    Column("first_s", Float, primary_key=True),
    Column("last_s", Float, nullable=False),
    Column("at", Float, nullable=False),
    Column("step", Float, nullable=False),
    Column("count", SmallInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    # Of `days.py`. On PostgreSQL it says in which partition a row is, and is a part of the primary key for that.
    Column("day", Integer, nullable=False, server_default="0"),
    Index("scores_age", "at"),
    Index("scores_step", "step", "at"),
)
