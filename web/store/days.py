"""The days that blocks of scores are kept under, counted from 1970 in UTC, and the partitions of them. Pure."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from stream.ids import made_ms

UNDATED = 0
"""The day of blocks that an earlier version wrote: nothing is said of when they were."""
AHEAD = 3
"""Partitions that are there beside the one of today, for days on which none can be made."""
REST = "scores_rest"
"""The partition of all days that have none."""
_PREFIX = "scores_"
_FORM = "%Y%m%d"
_DAY_S = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = 2_932_896
"""The end of the year 9999, which is as far as names go."""


def day_at(unix_s: float) -> int:
    """The day of a moment; the first one for what is before it."""
    return int(min(max(unix_s // _DAY_S, UNDATED + 1), _LAST))


def first_day(media_id: str) -> int:
    """The first day that a block of this media may be kept under; that of undated ones where its id tells no time."""
    unix_ms = made_ms(media_id)
    return UNDATED if unix_ms is None else day_at(unix_ms / 1000)


def name_of(day: int) -> str:
    """The partition of a day, `scores_20261129`."""
    return f"{_PREFIX}{_EPOCH + timedelta(days=day):%Y%m%d}"


def day_named(partition: str) -> int | None:
    """The day that a partition is of; None for one of several, or of something else."""
    try:
        began = datetime.strptime(partition, f"{_PREFIX}{_FORM}").replace(tzinfo=UTC)
    except ValueError:
        return None
    day = (began - _EPOCH).days
    return day if name_of(day) == partition else None


def missing(there: Collection[int], *, today: int) -> tuple[int, ...]:
    """The days from today on that want a partition."""
    return tuple(day for day in range(today, today + AHEAD + 1) if day not in there and day <= _LAST)


def over(there: Collection[int], *, before_s: float, today: int) -> tuple[int, ...]:
    """Those that ended before a time, and those that only a clock set wrong can have made; the oldest first."""
    return tuple(sorted(day for day in there if (day + 1) * _DAY_S <= before_s or day > today + AHEAD))


def spared(there: Collection[int], *, before_s: float) -> tuple[int, ...]:
    """Those whose partition goes as a whole soon: the day of that time, which is not over, and the one before it.

    That one may still have blocks that were written later, or be held by a reader.
    """
    day = day_at(before_s)
    return tuple(sorted({day - 1, day} & set(there)))
