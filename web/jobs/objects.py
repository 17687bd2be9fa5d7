"""A job as JSON: the body of its callbacks, and what polling answers. Pure."""

import json
from collections.abc import Sequence

from inference.taxonomy import Taxonomy

from ..store.job import Job, JobFrame, Json

_DECIMALS = 6


def job_json(job: Job, frames: Sequence[JobFrame] | None) -> Json:
    """The job object; without `frames` at all if they are None. Times always have a fraction, counts never."""
    data: Json = {
        "status": job.status.value,
        "started": _seconds(job.started_s),
        "last_update": _seconds(job.last_update_s),
        "operations": job.operations,
        "progress": None if job.progress is None else float(job.progress),
    }
    if frames is not None:
        data["frames"] = [_frame_json(job.id, frame) for frame in frames]
    if job.error is not None:
        data["error"] = {"type": job.error.type, "code": job.error.code, "message": job.error.message}
    return {"media": {"id": job.id, "uri": job.uri}, "request": job.request_id, "data": data}


def encoded(body: Json) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def detail_of(gore: Taxonomy) -> Json:
    """What gore-2.0 says beyond `prob`."""
    return {"classes": dict(gore.classes), "type": dict(gore.type)}


def _frame_json(job_id: str, frame: JobFrame) -> Json:
    return {
        "info": {"id": f"{job_id}_{frame.number}", "position": frame.position_ms},
        "gore": {"prob": frame.prob, **(frame.detail or {})},
    }


def _seconds(unix_s: float) -> float:
    return round(float(unix_s), _DECIMALS)
