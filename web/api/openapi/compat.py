"""`/1.0`, described: the Sightengine-compatible API."""

import re
from collections.abc import Iterable, Mapping

from ..compat import jobs
from ..compat.arguments import DEFAULT_INTERVAL_S, DEFAULT_MOST_S, GORE, GORE_2, INTERVALS_S, LONGEST_S
from ..compat.feedback import CLASSES
from .common import in_path
from .compat_shapes import (
    Done,
    Failed,
    FeedbackTaken,
    ImageChecked,
    ImagesChecked,
    JobBegun,
    JobsOngoing,
    JobTold,
    UploadOffered,
    UploadTaken,
    VideoChecked,
)
from .operation import Answer, Content, Operation, Parameter, Schema, answer

_CREDENTIALS = (("api_user", "api_secret"),)
_BINARY: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}
_ANYWHERE = "Parameters may stand in the query or in the body; where both name one, the body's holds."
_LABELS = tuple(dict.fromkeys(label for labels in CLASSES.values() for label in labels))
_FAILURES = {
    400: "A parameter or the media cannot be used: see `error`.",
    401: "The credentials are missing or wrong.",
    403: "These credentials do not allow it, or the call comes from elsewhere while there is no key.",
    404: "There is no such job or upload, or it is another key's.",
    408: "The body came too slowly.",
    409: "The `Idempotency-Key` was used for another job.",
    410: "The address took its file already, or its time is over.",
    413: "The body is too large.",
    429: "Too many calls, or too many jobs at once: see `Retry-After`.",
    500: "A fault of the service, whose log has it.",
    503: "The service is overloaded: see `Retry-After`.",
}
_ALWAYS = (400, 401, 403, 408, 413, 429, 500, 503)

_EITHER = "|".join(re.escape(name) for name in (GORE, GORE_2))
_ADDRESS: Schema = {"type": "string", "format": "uri"}
_MODELS = Parameter(
    name="models",
    text=f"`{GORE}`, `{GORE_2}`, or both with a comma between them.",
    schema={"type": "string", "pattern": f"^({_EITHER})(,({_EITHER}))*$", "examples": [GORE]},
    required=True,
)
_WORKFLOW = Parameter(
    name="workflow",
    text="Id of a workflow of the configuration; its rules stand in place of models.",
    schema={"type": "string", "pattern": "^wfl_[0-9A-Za-z]{21}$"},
    required=True,
)
_URL = Parameter(
    name="url", text="Address of the image, `http` or `https`; or send a file as `media`.", schema=_ADDRESS
)
_STREAM_URL = Parameter(
    name="stream_url", text="Address of the video, `http` or `https`; or send a file as `media`.", schema=_ADDRESS
)
_WATCHED_URL = Parameter(
    name="stream_url", text="Address of what may be stored or live; or send a file as `media`.", schema=_ADDRESS
)
_MEDIA_ID = Parameter(name="media_id", text="A video that was sent before: see `createUpload`.")
_INTERVAL = Parameter(
    name="interval",
    text="Seconds between two frames.",
    schema={"type": "number", "enum": list(INTERVALS_S), "default": DEFAULT_INTERVAL_S},
)
_MAX_DURATION = Parameter(
    name="max_duration",
    text="Seconds after which the job is stopped.",
    schema={"type": "number", "exclusiveMinimum": 0, "maximum": LONGEST_S, "default": DEFAULT_MOST_S},
)
_CALLBACK = Parameter(name="callback_url", text="Address that gets the callbacks, `http` or `https`.", schema=_ADDRESS)
_IDEMPOTENCY = Parameter(
    name=jobs.IDEMPOTENCY,
    text="A call that is made twice with it starts one job.",
    schema={"type": "string", "maxLength": jobs.LONGEST_KEY, "pattern": "^[ -~]*$"},
    where="header",
)
_MODEL = Parameter(
    name="model", text="The model that was wrong.", schema={"type": "string", "enum": list(CLASSES)}, required=True
)
_LABEL = Parameter(
    name="class", text="What the image is.", schema={"type": "string", "enum": list(_LABELS)}, required=True
)
_JOB = Parameter(name="id", text="Id of a job: its media's.", required=True)
_IMAGE_FILES = {
    "media": {**_BINARY, "description": "The image."},
    "media[]": {"type": "array", "items": _BINARY, "maxItems": 6, "description": "Several images, 24 MB together."},
}
_VIDEO_FILE = {"media": {**_BINARY, "description": "The video, 50 MB at most."}}


def _failures(*statuses: int) -> dict[int, Answer]:
    content = Content(type=Failed)
    return {status: Answer(text=_FAILURES[status], content=content) for status in sorted({*_ALWAYS, *statuses})}


def _get_and_post(
    path: str,
    id_: str,
    summary: str,
    *,
    tag: str,
    parameters: Iterable[Parameter],
    files: Mapping[str, Schema],
    answers: Mapping[int, Answer],
    headers: tuple[Parameter, ...] = (),
) -> tuple[Operation, Operation]:
    """The same call with everything in the query, and with a form."""
    parameters = tuple(parameters)
    fields = {one.name: {**one.schema, "description": one.text} for one in parameters}
    credentials = {name: {"type": "string"} for name in _CREDENTIALS[0]}
    form = {"type": "object", "properties": {**credentials, **fields}}
    with_files = {"type": "object", "properties": {**credentials, **fields, **files}}

    def operation(
        method: str, name: str, said: str, inside: tuple[Parameter, ...], bodies: tuple[Content, ...]
    ) -> Operation:
        return Operation(
            method=method,
            path=path,
            id=name,
            tag=tag,
            summary=said,
            text=_ANYWHERE,
            parameters=inside + headers,
            bodies=bodies,
            body_required=False,
            answers=answers,
            security=_CREDENTIALS,
        )

    bodies = (
        Content(media_type="multipart/form-data", schema=with_files),
        Content(media_type="application/x-www-form-urlencoded", schema=form),
    )
    asked = operation("GET", id_, summary, parameters, ())
    return asked, operation("POST", f"{id_}Posted", f"{summary}, with a form", (), bodies)


def _with_credentials(
    method: str, path: str, id_: str, summary: str, answers: Mapping[int, Answer], *parameters: Parameter
) -> Operation:
    return Operation(
        method=method,
        path=path,
        id=id_,
        tag="Sightengine: jobs",
        summary=summary,
        parameters=parameters,
        answers=answers,
        security=_CREDENTIALS,
    )


COMPAT = (
    *_get_and_post(
        "/1.0/check.json",
        "checkImage",
        "Check an image, or several",
        tag="Sightengine: images and short videos",
        parameters=(_MODELS, _URL),
        files=_IMAGE_FILES,
        answers={200: answer("What it shows.", ImageChecked | ImagesChecked)} | _failures(),
    ),
    *_get_and_post(
        "/1.0/video/check-sync.json",
        "checkVideo",
        "Check a video of less than 60 seconds",
        tag="Sightengine: images and short videos",
        parameters=(_MODELS, _STREAM_URL, _MEDIA_ID, _INTERVAL),
        files=_VIDEO_FILE,
        answers={200: answer("Its frames.", VideoChecked)} | _failures(404),
    ),
    *_get_and_post(
        "/1.0/video/check.json",
        "watchVideo",
        "Watch a video or a live stream as a job",
        tag="Sightengine: jobs",
        parameters=(_MODELS, _WATCHED_URL, _MEDIA_ID, _INTERVAL, _CALLBACK, _MAX_DURATION),
        files=_VIDEO_FILE,
        answers={200: answer("The job was taken.", JobBegun)} | _failures(404, 409),
        headers=(_IDEMPOTENCY,),
    ),
    *_get_and_post(
        "/1.0/check-workflow.json",
        "judgeImage",
        "Check an image, or several, by a workflow",
        tag="Sightengine: workflows",
        parameters=(_WORKFLOW, _URL),
        files=_IMAGE_FILES,
        answers={200: answer("What it shows and what to do with it.", ImageChecked | ImagesChecked)} | _failures(),
    ),
    *_get_and_post(
        "/1.0/video/check-workflow-sync.json",
        "judgeVideo",
        "Check a video of less than 60 seconds by a workflow",
        tag="Sightengine: workflows",
        parameters=(_WORKFLOW, _STREAM_URL, _MEDIA_ID, _INTERVAL),
        files=_VIDEO_FILE,
        answers={200: answer("Its frames and what to do with it.", VideoChecked)} | _failures(404),
    ),
    *_get_and_post(
        "/1.0/video/check-workflow.json",
        "judgeVideoAsJob",
        "Watch a video or a live stream as a job, by a workflow",
        tag="Sightengine: workflows",
        parameters=(_WORKFLOW, _WATCHED_URL, _MEDIA_ID, _INTERVAL, _CALLBACK, _MAX_DURATION),
        files=_VIDEO_FILE,
        answers={200: answer("The job was taken.", JobBegun)} | _failures(404, 409),
        headers=(_IDEMPOTENCY,),
    ),
    _with_credentials(
        "GET",
        "/1.0/video/byid.json",
        "getJob",
        "A job with its frames so far",
        {200: answer("The job.", JobTold)} | _failures(404),
        _JOB,
    ),
    _with_credentials(
        "DELETE",
        "/1.0/video/byid.json",
        "stopJob",
        "Stop a job",
        {200: answer("It was stopped, or had ended.", Done)} | _failures(404),
        _JOB,
    ),
    _with_credentials(
        "GET",
        "/1.0/video/ongoing.json",
        "listOngoing",
        "The jobs that have not ended",
        {200: answer("The jobs.", JobsOngoing)} | _failures(),
    ),
    _with_credentials(
        "GET",
        "/1.0/upload/create-video.json",
        "createUpload",
        "A one-time address for a large video",
        {200: answer("The address.", UploadOffered)} | _failures(),
    ),
    Operation(
        method="PUT",
        path="/1.0/upload/video/{token}",
        id="upload",
        tag="Sightengine: jobs",
        summary="Send a large video to a one-time address",
        text="500 MB at most.",
        parameters=(in_path("token", "The end of the address that was given."),),
        bodies=(Content(media_type="application/octet-stream"),),
        answers={200: answer("It came whole.", UploadTaken)} | _failures(410),
    ),
    *_get_and_post(
        "/1.0/feedback.json",
        "giveFeedback",
        "Say what an image is",
        tag="Sightengine: feedback",
        parameters=(_MODEL, _LABEL, _URL),
        files={"media": _IMAGE_FILES["media"]},
        answers={200: answer("It was stored.", FeedbackTaken)} | _failures(),
    ),
)
