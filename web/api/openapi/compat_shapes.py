"""What `/1.0` answers, as types."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field, WithJsonSchema, with_config
from typing_extensions import TypedDict

from inference.taxonomy import CLASSES, TYPES

from ...store.job import JobStatus
from .common import DESCRIBED, Fault, MediaId, MediaInfo, Probability, RequestId, RequestInfo


def _scores(names: tuple[str, ...]) -> WithJsonSchema:
    score = {"type": "number", "minimum": 0, "maximum": 1}
    return WithJsonSchema({"type": "object", "properties": dict.fromkeys(names, score), "required": list(names)})


@with_config(DESCRIBED)
class Gore(TypedDict):
    """The result for one picture."""

    prob: Probability
    classes: NotRequired[Annotated[dict[str, float], _scores(CLASSES)]]
    """With the model gore-2.0."""
    type: NotRequired[Annotated[dict[str, float], _scores(TYPES)]]
    """With the model gore-2.0."""


class Reason(TypedDict):
    """A rule that rejects."""

    id: str
    text: str


@with_config(DESCRIBED)
class Judgement(TypedDict):
    """What a workflow does with a media."""

    action: Literal["accept", "reject"]
    reject_prob: Probability
    """The highest value that a rule looks at."""
    reject_reason: list[Reason]


class WorkflowNamed(TypedDict):
    """Which workflow it was."""

    id: str


class ImageResult(TypedDict):
    """One of several images."""

    gore: Gore
    summary: NotRequired[Judgement]
    media: MediaInfo


class ImageChecked(TypedDict):
    """An image was scored."""

    status: Literal["success"]
    request: RequestInfo
    gore: Gore
    media: MediaInfo
    summary: NotRequired[Judgement]
    workflow: NotRequired[WorkflowNamed]


class ImagesChecked(TypedDict):
    """Several images were scored."""

    status: Literal["success"]
    request: RequestInfo
    data: list[ImageResult]
    summary: NotRequired[Judgement]
    workflow: NotRequired[WorkflowNamed]


@with_config(DESCRIBED)
class FrameInfo(TypedDict):
    """Which frame."""

    id: str
    position: int
    """Milliseconds."""


class Frame(TypedDict):
    """One analysed frame of a video."""

    info: FrameInfo
    gore: Gore


class Frames(TypedDict):
    """The frames of a video, in the order of time."""

    frames: list[Frame]


class VideoChecked(TypedDict):
    """A short video was scored."""

    status: Literal["success"]
    request: RequestInfo
    media: MediaInfo
    data: Frames
    summary: NotRequired[Judgement]
    workflow: NotRequired[WorkflowNamed]


@with_config(DESCRIBED)
class JobData(TypedDict):
    """How a job stands."""

    status: JobStatus
    started: float
    """Unix seconds."""
    last_update: float
    operations: int
    progress: Annotated[float, Field(ge=0.0, le=1.0)] | None
    """The share that was read; null of a live stream."""
    frames: NotRequired[list[Frame]]
    error: NotRequired[Fault]


@with_config(DESCRIBED)
class JobObject(TypedDict):
    """A job: the body of its callbacks, and what polling answers."""

    media: MediaInfo
    request: RequestId
    """The call that began it."""
    data: JobData
    summary: NotRequired[Judgement]
    workflow: NotRequired[WorkflowNamed]


class JobBegun(TypedDict):
    """A job was taken; `media.id` is its id."""

    status: Literal["success"]
    request: RequestInfo
    media: MediaInfo
    callback: NotRequired[str]
    summary: NotRequired[Judgement]
    workflow: NotRequired[WorkflowNamed]


class JobTold(TypedDict):
    """A job."""

    status: Literal["success"]
    request: RequestInfo
    output: JobObject


class JobsOngoing(TypedDict):
    """Jobs that have not ended, without their frames."""

    status: Literal["success"]
    request: RequestInfo
    ongoing: list[JobObject]


class Done(TypedDict):
    """It was done."""

    status: Literal["success"]
    request: RequestInfo


@with_config(DESCRIBED)
class UploadAddress(TypedDict):
    """Where one file goes."""

    url: str
    expires: int
    """Unix seconds."""


class MediaHandle(TypedDict):
    """What stands for a file that was or will be sent."""

    id: MediaId


class UploadOffered(TypedDict):
    """A one-time address."""

    status: Literal["success"]
    request: RequestInfo
    upload: UploadAddress
    media: MediaHandle


class UploadTaken(TypedDict):
    """The file came whole."""

    status: Literal["success"]
    request: RequestInfo
    media: MediaHandle


class FeedbackTaken(TypedDict):
    """The judgement was stored."""

    status: Literal["success"]
    request: RequestInfo
    media: MediaInfo


class Failed(TypedDict):
    """A call that failed, however it did."""

    status: Literal["failure"]
    request: RequestInfo
    error: Fault
