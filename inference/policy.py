"""What a stream is sampled and judged by, validated when it is built."""

import math
from dataclasses import dataclass, fields
from typing import Literal


class PolicyInvalid(ValueError):
    """A policy that cannot be used; `field` names the setting at fault."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field} {message}")
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One stream's policy; the field names are those of the HTTP interface, all times are seconds.

    Raises `PolicyInvalid` for a value out of its range.
    """

    fps: float = 2.0
    """Samples per second of media time, at most; 0.001 to 30."""
    adaptive: bool = True
    max_fps: float = 8.0
    window: float = 3.0
    """Media time that the smoothing looks back over."""
    threshold: float = 0.5
    """An incident starts when prob reaches this."""
    release: float = 0.4
    """An incident ends when prob stays under this for `cooldown`."""
    cooldown: float = 2.0
    event_interval: float = 1.0
    """Media time between two `gore.prob` events."""
    stall_after: float = 5.0
    reconnect_for: float = 60.0
    decode: Literal["auto", "all", "keyframes"] = "auto"
    keep: Literal["none", "incidents", "samples"] = "incidents"
    callback_url: str | None = None

    def __post_init__(self) -> None:
        for name, (low, high, low_included) in RANGES.items():
            value = getattr(self, name)
            above = value >= low if low_included else value > low
            if not (math.isfinite(value) and above and value <= high):
                raise PolicyInvalid(
                    name,
                    f"must be {'at least' if low_included else 'greater than'} {low:g} and at most {high:g}",
                )
        if self.release > self.threshold:
            raise PolicyInvalid("release", "must not be greater than threshold")


# The least values are far below what is of use, and far above those whose reciprocal or square overflows.
RANGES: dict[str, tuple[float, float, bool]] = {
    "fps": (0.001, 30.0, True),
    "max_fps": (0.001, 30.0, True),
    "window": (0.001, 3600.0, True),
    "threshold": (0.0, 1.0, False),
    "release": (0.0, 1.0, False),
    "cooldown": (0.0, 3600.0, True),
    "event_interval": (0.01, 3600.0, True),
    "stall_after": (0.1, 3600.0, True),
    "reconnect_for": (0.0, 86_400.0, True),
}

"""By setting: the least value, the greatest, and whether the least is among them."""

assert set(RANGES) <= {field.name for field in fields(Policy)}
