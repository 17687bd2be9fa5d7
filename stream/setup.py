"""What a worker process is started with."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setup:
    """Inherited descriptors, and the shape of the ring."""

    orders_fd: int
    reports_fd: int
    memory_fd: int
    slots: int
    height_px: int
    width_px: int
