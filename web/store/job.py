"""Jobs and their frames as values. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from ..workflows import Workflow

Json = dict[str, object]


class JobStatus(StrEnum):
    """How a job stands; all but the first end it."""

    ONGOING = "ongoing"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job failed, in the words of the interface."""

    type: str
    code: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job. `id` is its media's."""

    id: str
    request_id: str
    key_id: str | None
    kind: str
    uri: str
    """What people see."""
    address: str
    """What is read: a source's address or an upload's path."""
    models: tuple[str, ...]
    interval_s: float
    workflow: Workflow | None = None
    """The rules that judge it, as they were when it was started."""
    callback_url: str | None = None
    max_duration_s: float
    idempotency_key: str | None = None
    status: JobStatus = JobStatus.ONGOING
    started_s: float
    last_update_s: float
    operations: int = 0
    progress: float | None = None
    error: JobError | None = None
    finished_s: float | None = None
    region: str | None = None
    """That of the service that has it; None where a version before regions did."""


@dataclass(frozen=True, slots=True)
class JobFrame:
    """One scored frame. Numbers count from 1 within the job."""

    number: int
    position_ms: int
    prob: float
    detail: Json | None = None
    """What a model says beyond `prob`."""
