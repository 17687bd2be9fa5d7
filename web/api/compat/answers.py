"""The answers of `/1.0`, key for key. Pure: ids and times are given.

Scores and times are always written with a fraction, positions and operations never: callers in typed languages read
the first as floating point and the second as integers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from inference.looks import Look
from inference.taxonomy import Taxonomy

from .errors import Fault

Json = dict[str, object]

_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API."""

    id: str
    unix_s: float


@dataclass(frozen=True, slots=True)
class MediaRef:
    """What was checked. `uri` as it was submitted, passwords masked, or the name of the file."""

    id: str
    uri: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One analysed frame of a video."""

    position_ms: int
    gore: Taxonomy


def success(call: Call, operations: int, **rest: object) -> Json:
    return {"status": "success", "request": _request(call, operations), **rest}


def failure(call: Call, fault: Fault) -> Json:
    error = {"type": fault.type, "code": fault.code, "message": fault.message}
    return {"status": "failure", "request": _request(call, 0), "error": error}


def media_json(media: MediaRef) -> Json:
    return {"id": media.id, "uri": media.uri}


def gore_json(gore: Taxonomy, *, detailed: bool) -> Json:
    """The value of `gore`: what the model gore answers, or gore-2.0 if it is `detailed`."""
    if not detailed:
        return {"prob": gore.prob}
    return {"prob": gore.prob, "classes": dict(gore.classes), "type": dict(gore.type)}


def highest_of(looks: Sequence[Look]) -> Taxonomy:
    """What an image is answered with: of an animated one, its highest frame."""
    return max((look.gore for look in looks), key=lambda gore: gore.prob)


def image_json(looks: Sequence[Look], media: MediaRef, *, detailed: bool) -> Json:
    """The result of one image."""
    return {"gore": gore_json(highest_of(looks), detailed=detailed), "media": media_json(media)}


def frames_json(frames: Sequence[Frame], media: MediaRef, *, detailed: bool) -> list[Json]:
    """The frames of a video, each with the media's id and its own number from 1."""
    return [
        {
            "info": {"id": f"{media.id}_{number}", "position": frame.position_ms},
            "gore": gore_json(frame.gore, detailed=detailed),
        }
        for number, frame in enumerate(frames, start=1)
    ]


def _request(call: Call, operations: int) -> Json:
    return {"id": call.id, "timestamp": round(float(call.unix_s), _DECIMALS), "operations": operations}
