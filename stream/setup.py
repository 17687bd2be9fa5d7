"""What a worker process is started with."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """How much one worker may have."""

    sources: int = 200
    memory_bytes: int = 4_000_000_000
    """Resident; a worker that grows past it is replaced."""
    address_space: bool = True
    """Whether that is limited, too. CUDA reserves more of it than any limit would leave."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Inherited descriptors, and the shape of the ring."""

    orders_fd: int
    reports_fd: int
    memory_fd: int
    slots: int
    height_px: int
    width_px: int
    address_space_bytes: int | None
    open_files: int
