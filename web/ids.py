"""Ids made now: the one place where their time and entropy are drawn."""

import secrets
import time
from itertools import islice, product

from stream.ids import ALPHABET, ENTROPY_BYTES, make_id

_LAST_MS = 62**8 - 1
_COUNTED = 5


def new_id(prefix: str) -> str:
    """A time-ordered id such as `str_…`."""
    return make_id(prefix, time.time_ns() // 1_000_000, secrets.token_bytes(ENTROPY_BYTES))


def new_ids(prefix: str, count: int) -> list[str]:
    """So many at once, in order and cheaper than one by one: they share all but their last five characters."""
    shared = new_id(prefix)[:-_COUNTED]
    return [shared + "".join(digits) for digits in islice(product(ALPHABET, repeat=_COUNTED), count)]


def first_id(prefix: str, unix_s: float) -> str:
    """What no id made at that time or later is less than, and all that were made in milliseconds before it are."""
    return make_id(prefix, min(max(int(unix_s * 1000), 0), _LAST_MS), bytes(ENTROPY_BYTES))
