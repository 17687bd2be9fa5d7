"""When a delivery is tried again, and when it is given up. Pure."""

import math
from email.utils import parsedate_to_datetime

from .delivery import Style

RETRY_AFTER_S = {
    Style.SIGHTENGINE: (5.0, 30.0, 120.0, 600.0, 3600.0),
    Style.STANDARD: (5.0, 30.0, 120.0, 600.0, 3600.0, 7200.0, 14_400.0, 28_800.0, 43_200.0),
}
"""After each attempt that failed; after one more it is given up. Of events that is after 27 hours."""
JITTER = 0.1
"""The share by which a wait may be longer, so that those that failed together do not come back together."""
_MOST_DIGITS = 9


def next_attempt_s(
    style: Style, attempts: int, *, now_s: float, retry_after: str | None = None, chance: float
) -> float | None:
    """When to try again after so many attempts, the one that just failed included; None when it is to be given up.

    `retry_after` is the header of that name, which may make the wait longer, up to the longest of the schedule.
    `chance` is in [0, 1).
    """
    waits_s = RETRY_AFTER_S[style]
    if attempts > len(waits_s):
        return None
    asked_s = min(asked_wait_s(retry_after, now_s=now_s), waits_s[-1])
    return now_s + max(waits_s[attempts - 1], asked_s) * (1.0 + JITTER * chance)


def asked_wait_s(retry_after: str | None, *, now_s: float) -> float:
    """The seconds that a `Retry-After` asks for, given as a number or a date; 0.0 for none that can be read."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text) if len(text) <= _MOST_DIGITS else math.inf
    try:
        moment = parsedate_to_datetime(text)
        return max(moment.timestamp() - now_s, 0.0)
    except (ValueError, OverflowError):
        return 0.0


def too_old_s(style: Style, *, now_s: float) -> float:
    """Since when something must be owed at least to be given up for its age alone, when another one just was."""
    return now_s - sum(RETRY_AFTER_S[style])
