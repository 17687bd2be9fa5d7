"""The tables `[limits]` and `[retention]` of the settings: how much of each thing is let in, and kept."""

from pydantic import BaseModel, ConfigDict, Field


class Limits(BaseModel):
    """The `[limits]` table: how much of each thing is kept or let in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_streams: int = Field(default=64, ge=1, le=100_000, description="streams that may run at once")
    worker_streams: int = Field(
        default=200, ge=1, le=10_000, description="streams that one decoder process may have; more are refused"
    )
    worker_memory_mb: int = Field(
        default=4000,
        ge=200,
        le=1_000_000,
        description="megabytes of memory over which a decoder process is replaced; its live streams go on in another",
    )
    decode_errors_per_minute: int = Field(
        default=600, ge=1, le=1_000_000, description="errors of decoding over which a live source is opened anew"
    )
    max_publishers: int = Field(default=64, ge=0, le=100_000, description="streams that may be published at once")
    max_checks: int = Field(
        default=16, ge=1, le=10_000, description="images and videos of `/1.0` that are looked at at once"
    )
    check_queue: int = Field(
        default=64, ge=0, le=100_000, description="images and videos that wait for that; more are answered with 503"
    )
    max_jobs: int = Field(
        default=32, ge=1, le=100_000, description="videos and live streams of `/1.0` that are watched as jobs at once"
    )
    job_hours: int = Field(default=24, ge=24, le=8760, description="hours for which jobs that ended can be asked for")
    fetch_timeout_s: int = Field(
        default=20, ge=1, le=300, description="seconds in which an image at an address must have come"
    )
    upload_grace_s: int = Field(
        default=20,
        ge=1,
        le=3600,
        description="seconds after which an upload must come at 8 kB a second on average, and its longest pause",
    )
    subscriber_queue: int = Field(
        default=1000,
        ge=1,
        le=1_000_000,
        description="events waiting for one subscriber before it is closed as too slow",
    )
    webhook_queue: int = Field(
        default=10_000,
        ge=10,
        le=1_000_000,
        description="events owed to one webhook or `callback_url`; of more the oldest go, `gore.prob` before others",
    )
    history_events: int = Field(
        default=20_000, ge=1, le=10_000_000, description="events kept in memory for `since=` (about 1 kB each)"
    )
    unkept_events: int = Field(
        default=20_000,
        ge=1,
        le=10_000_000,
        description="events that wait while they cannot be stored (about 3 kB each); `gore.prob` is dropped first",
    )
    max_subscribers: int = Field(
        default=5000, ge=1, le=1_000_000, description="event connections at once; more are answered with 503"
    )
    key_subscribers: int = Field(
        default=1000, ge=1, le=1_000_000, description="event connections of one key at once; more are answered with 429"
    )
    replay_samples: int = Field(
        default=5_000_000,
        ge=1,
        le=10**9,
        description="scores times policies that one replay may judge; more are answered with 422",
    )


class Retention(BaseModel):
    """The `[retention]` table: how long what moderation leaves behind is kept, and how much of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    events_days: float = Field(default=7.0, gt=0, le=36_500, description="days for which events can be replayed")
    events_most: int = Field(default=1_000_000, ge=1, le=10**9, description="events kept, the newest ones")
    scores_whole_days: float = Field(
        default=1.0, ge=0, le=36_500, description="days after which of ten seconds two scores are kept, the peaks"
    )
    scores_days: float = Field(default=30.0, gt=0, le=36_500, description="days for which scores are kept at all")
    score_blocks_most: int = Field(
        default=1_000_000, ge=1, le=10**9, description="blocks of scores kept, each of up to 256"
    )
    incidents_days: float = Field(
        default=365.0, gt=0, le=36_500, description="days for which incidents, their reviews and views are kept"
    )
    incidents_most: int = Field(default=1_000_000, ge=1, le=10**9, description="incidents kept, with their reviews")
    views_most: int = Field(default=1_000_000, ge=1, le=10**9, description="views of clear pictures kept")
    media_days: float = Field(default=365.0, gt=0, le=36_500, description="days for which media and summaries are kept")
    media_most: int = Field(default=1_000_000, ge=1, le=10**9, description="media and summaries kept")
