"""Addresses of stores, and whose part of one it is. Pure."""

import re
from typing import Final

SQLITE: Final = "sqlite:///"
POSTGRES: Final = ("postgresql://", "postgres://")
DEFAULT_REGION: Final = "default"
"""That of a service that was told none."""

_PASSWORD: Final = re.compile(r"(?<=://)([^/?#@]*?):[^/?#]*@|(?<=[?&])((?:ssl)?password=)[^&#]*")


def is_file(address: str) -> bool:
    """It names a file of SQLite's."""
    return address.startswith(SQLITE) and address != SQLITE and "\0" not in address


def is_server(address: str) -> bool:
    """It names a database of PostgreSQL's, by libpq's kind of address."""
    return address.startswith(POSTGRES)


def masked(address: str) -> str:
    """For people: without a password."""
    return _PASSWORD.sub(lambda found: f"{found[1]}:***@" if found[1] is not None else f"{found[2]}***", address)
