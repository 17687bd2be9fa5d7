"""A job as JSON: the body of its callbacks, and what polling answers. Pure."""

import json
from collections.abc import Sequence
from typing import cast

from inference.taxonomy import Taxonomy

from ..store.job import Job, JobFrame, Json
from ..workflows import decide, summary_json

_DECIMALS = 6


def job_json(job: Job, frames: Sequence[JobFrame] | None) -> Json:
    """The job object; without `frames` at all if they are None. Times always have a fraction, counts never.

    With a workflow it is judged by the frames that the object has; without any there is no summary.
    """
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
    whole: Json = {"media": {"id": job.id, "uri": job.uri}, "request": job.request_id, "data": data}
    if job.workflow is not None:
        if frames:
            whole["summary"] = summary_json(decide(job.workflow, [_gore(frame) for frame in frames]))
        whole["workflow"] = {"id": job.workflow.id}
    return whole


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


def _gore(frame: JobFrame) -> Taxonomy:
    """What `detail_of` was given; a job with a workflow has the detail of every frame."""
    detail = cast("dict[str, dict[str, float]]", frame.detail)
    return Taxonomy(frame.prob, detail["classes"], detail["type"])


def _seconds(unix_s: float) -> float:
    return round(float(unix_s), _DECIMALS)
