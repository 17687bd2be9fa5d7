"""Time-ordered ids with a prefix: `med_` and 21 base62 characters, 8 of time and 13 of entropy."""

import re

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""In ASCII order, so that numbers of one width sort as text the way they sort as numbers."""

ENTROPY_BYTES = 11
"""The least that fills the random part: 62¹³ is a little under 2⁷⁸."""

_TIME_WIDTH = 8
_ENTROPY_WIDTH = 13
_VALUES = {digit: value for value, digit in enumerate(ALPHABET)}
_AFTER_PREFIX = re.compile(f"_[0-9A-Za-z]{{{_TIME_WIDTH + _ENTROPY_WIDTH}}}", re.ASCII)


def base62(number: int, width: int) -> str:
    """`number` in `width` base62 digits, most significant first, padded with zeros.

    Raises ValueError for a negative number and for one that needs more digits.
    """
    digits = []
    rest = number
    for _ in range(width):
        rest, digit = divmod(rest, 62)
        digits.append(ALPHABET[digit])
    if rest != 0:
        raise ValueError(f"{number} does not fit {width} base62 digits")
    return "".join(reversed(digits))


def make_id(prefix: str, unix_ms: int, entropy: bytes) -> str:
    """An id such as `med_0V9Kk2xq…`; ids of one prefix sort by `unix_ms`.

    Raises ValueError for less entropy than `ENTROPY_BYTES` and for a time outside 62⁸ ms (the year 8888).
    """
    if len(entropy) < ENTROPY_BYTES:
        raise ValueError(f"an id needs {ENTROPY_BYTES} bytes of entropy, not {len(entropy)}")
    random = int.from_bytes(entropy, "big") % 62**_ENTROPY_WIDTH
    return f"{prefix}_{base62(unix_ms, _TIME_WIDTH)}{base62(random, _ENTROPY_WIDTH)}"


def is_id(prefix: str, text: str) -> bool:
    """Whether this could be an id of that prefix."""
    return text.startswith(prefix) and _AFTER_PREFIX.fullmatch(text, len(prefix)) is not None


def made_ms(text: str) -> int | None:
    """When an id of any prefix was made, in Unix milliseconds; None for what is no id."""
    if _AFTER_PREFIX.fullmatch(text, max(text.find("_"), 0)) is None:
        return None
    unix_ms = 0
    for digit in text[-_TIME_WIDTH - _ENTROPY_WIDTH : -_ENTROPY_WIDTH]:
        unix_ms = unix_ms * 62 + _VALUES[digit]
    return unix_ms
