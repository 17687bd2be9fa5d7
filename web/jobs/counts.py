"""How many jobs there are at present, and how those that this service had have ended. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCounts:
    """Of the jobs of one service."""

    running: int
    """Their media is being read."""
    waiting: int
    """It is being opened, or opened again."""
    ended: Mapping[str, int]
    """By status, since the start."""
