"""The schema of keys, jobs, standing streams and the service itself.

Times are Unix seconds, durations seconds; nobody's key is "". A row's region is that of the service that has it;
versions before regions named none.

What moderation leaves behind is in `watched.py`, what is owed to receivers in `delivery_tables.py`. A change to a table
needs a revision in `migrations/versions`.
"""

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeEngine

metadata = MetaData()

NOBODY = ""
"""The key of what was made while no key existed."""


def id_type() -> TypeEngine[str]:
    """An id or a key. Ordered by its bytes, as ids are by their time, whatever language the database speaks."""
    return String(32).with_variant(String(32, collation="C"), "postgresql")


meta = Table(
    "meta",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("secret_hash", String(255), nullable=False),
    Column("scopes", String(255), nullable=False),
    Column("rate", Float),
    Column("jobs", Integer),
    Column("created", Float, nullable=False),
    Column("last_used", Float),
    Column("revoked", Float),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("request_id", id_type(), nullable=False),
    Column("key_id", id_type(), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("uri", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("models", String(255), nullable=False),
    Column("interval", Float, nullable=False),
    Column("workflow", Text),
    Column("callback_url", Text),
    Column("max_duration", Float, nullable=False),
    Column("idempotency_key", String(255)),
    Column("status", String(16), nullable=False),
    Column("started", Float, nullable=False),
    Column("last_update", Float, nullable=False),
    Column("operations", Integer, nullable=False),
    Column("progress", Float),
    Column("error", Text),
    Column("finished", Float),
    Column("region", String(32)),
    Index("jobs_idempotency", "key_id", "idempotency_key", unique=True),
    Index("jobs_status", "status", "key_id"),
    Index("jobs_finished", "finished"),
)

job_frames = Table(
    "job_frames",
    metadata,
    Column("job_id", id_type(), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("position_ms", Integer, nullable=False),
    Column("prob", Float, nullable=False),
    Column("detail", Text),
)

uploads = Table(
    "uploads",
    metadata,
    Column("media_id", id_type(), primary_key=True),
    Column("key_id", id_type(), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("expires", Float, nullable=False, index=True),
    Column("path", Text),
    Column("used", Float),
    Column("region", String(32)),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("key_id", id_type(), nullable=False),
    Column("model", String(32), nullable=False),
    Column("class", String(32), nullable=False),
    Column("uri", Text, nullable=False),
    Column("path", Text),
    Column("created", Float, nullable=False),
    Column("prob", Float),
)

standing_streams = Table(
    "standing_streams",
    metadata,
    Column("id", id_type(), primary_key=True),
    Column("key_id", id_type(), nullable=False),
    Column("name", String(64), nullable=False),
    # With its credentials, as it was given.
    Column("address", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("added", Float, nullable=False),
    Column("region", String(32)),
    Index("standing_streams_name", "key_id", "name"),
)
