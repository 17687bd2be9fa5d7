"""What a training costs: time, processor time, and energy as far as it can be reckoned."""

import os
import resource
import time
from dataclasses import dataclass, field

_WATTS_A_CORE = 8.0
"""A server processor's share of power for one busy core, with memory: an assumption, for no meter is read."""


@dataclass(slots=True)
class Meter:
    """Runs from when it is made."""

    started_s: float = field(default_factory=time.monotonic)

    def lines(self) -> str:
        """Markdown: how long it took and what that comes to."""
        cpu_s = sum(
            usage.ru_utime + usage.ru_stime
            for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
        )
        minutes = (time.monotonic() - self.started_s) / 60.0
        return (
            f"The run took {minutes:.0f} minutes and {cpu_s / 60.0:.0f} minutes of processor time on {os.cpu_count()} "
            f"cores without a GPU; at {_WATTS_A_CORE:.0f} W a busy core (assumed, not measured) that is "
            f"{cpu_s * _WATTS_A_CORE / 3.6e6:.3f} kWh. Views and tails that an earlier run had left in its scratch "
            "folder are not counted."
        )
