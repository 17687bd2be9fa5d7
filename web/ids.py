"""Ids made now: the one place where their time and entropy are drawn."""

import secrets
import time

from stream.ids import ENTROPY_BYTES, make_id


def new_id(prefix: str) -> str:
    """A time-ordered id such as `str_…`."""
    return make_id(prefix, time.time_ns() // 1_000_000, secrets.token_bytes(ENTROPY_BYTES))
