"""How sending callbacks has gone since the start."""

from dataclasses import dataclass


@dataclass(slots=True)
class Attempts:
    """Counted by who sends."""

    delivered: int = 0
    failed: int = 0
    """Attempts, those that were followed by another one included."""
    given_up: int = 0
    """Callbacks."""
