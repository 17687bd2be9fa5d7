"""What can go wrong with a call of `/1.0`, in the API's own types and numbers. Pure.

Messages are written here, all of them: nothing that a library, a worker or a server said reaches a caller.
"""

from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Fault:
    """A failed answer."""

    status: int
    """Of HTTP."""
    type: str
    code: int
    message: str
    retry_after_s: int | None = None

    def saying(self, message: str) -> "Fault":
        """The same, worded for the case at hand."""
        return replace(self, message=message)


class Refused(Exception):
    """A call is answered with this fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


CREDENTIALS: Final = Fault(401, "argument_error", 1, "Incorrect API user or API secret")
FOREIGN_PAGE: Final = Fault(
    403,
    "credentials_error",
    2,
    "Without credentials of its own the service is for this machine alone, and for no page of another site",
)
NO_SCOPE: Final = Fault(403, "credentials_error", 3, "These credentials lack the scope check")
NO_MEDIA: Final = Fault(400, "argument_error", 4, "No media specified")
NOT_A_FILE: Final = Fault(
    400,
    "argument_error",
    5,
    "Please make sure you encode your form data with the 'multipart/form-data' encoding and send your media file under "
    "the following key: 'media'.",
)
TOO_MANY_REQUESTS: Final = Fault(429, "usage_limit", 33, "Too many requests at once; try again in a second", 1)
TOO_MANY_JOBS: Final = Fault(
    429,
    "usage_limit",
    34,
    "Too many videos and live streams are being watched at once; end one, or try again later",
    60,
)
NO_MODELS: Final = Fault(400, "argument_error", 51, "Please specify models")
UNKNOWN_MODEL: Final = Fault(400, "argument_error", 52, "Unknown model")
OUT_OF_RANGE: Final = Fault(400, "argument_error", 53, "A parameter is out of its range")
BAD_ADDRESS: Final = Fault(400, "argument_error", 54, "The address cannot be used")
BAD_CALLBACK: Final = Fault(400, "callback_error", 55, "callback_url must be a valid http:// or https:// address")
NO_WORKFLOW: Final = Fault(400, "argument_error", 56, "There is no workflow of this id")
UNREACHABLE: Final = Fault(400, "media_error", 61, "The media could not be fetched")
TOO_LARGE: Final = Fault(400, "media_error", 62, "The media is too large")
UNREADABLE: Final = Fault(400, "media_error", 63, "The media is no image or video that can be read")
TOO_LONG: Final = Fault(
    400, "media_error", 64, "The video is not shorter than 60 seconds; send it to /1.0/video/check.json"
)
TOO_MANY: Final = Fault(400, "media_error", 65, "Too many images or frames at once")
NO_JOB: Final = Fault(404, "argument_error", 71, "There is no such job")
NO_UPLOAD: Final = Fault(404, "argument_error", 71, "There is no upload of this media_id, or its time is over")
BAD_FEEDBACK: Final = Fault(400, "argument_error", 72, "Unknown model or class")
KEY_REUSED: Final = Fault(409, "argument_error", 73, "This Idempotency-Key was used for another job")
UPLOAD_OVER: Final = Fault(410, "argument_error", 74, "This address took its upload already, or its time is over")
NO_PATH: Final = Fault(404, "request_error", 81, "There is nothing at this path")
NO_METHOD: Final = Fault(405, "request_error", 81, "This path does not take that method")
BODY_TOO_LARGE: Final = Fault(413, "request_error", 82, "The request's body is too large")
BODY_MALFORMED: Final = Fault(400, "request_error", 82, "The request's body is cut off, or not encoded as it says")
BAD_HOST: Final = Fault(400, "request_error", 82, "The Host header names no host")
BODY_TOO_SLOW: Final = Fault(408, "request_error", 82, "The request's body came too slowly")
HTTP_BROKEN: Final = Fault(400, "request_error", 82, "The request, or the encoding of its body, is not valid HTTP")
HTTP_TOO_LONG: Final = Fault(
    400,
    "request_error",
    82,
    "The request line has more than 32 kB, or a header more than 8 kB; send long parameters in the body",
)
UNEXPECTED: Final = Fault(417, "request_error", 82, "Nothing can be expected but 100-continue")
OUR_FAULT: Final = Fault(500, "api_error", 91, "The service failed to answer; please try again later")
OVERLOADED: Final = Fault(503, "api_error", 91, "The service is overloaded; please try again in a moment", 2)

_OF_SOURCES: Final = {
    "address_invalid": BAD_ADDRESS,
    "address_refused": UNREACHABLE.saying("The address is not on the public internet"),
    "host_unknown": UNREACHABLE.saying("The host of the address is unknown"),
    "connection_refused": UNREACHABLE.saying("The server of the address refuses connections"),
    "access_denied": UNREACHABLE.saying("The server of the address denies access (401 or 403)"),
    "not_found": UNREACHABLE.saying("There is nothing at the address (404)"),
    "server_error": UNREACHABLE.saying("The server of the address answered with an error"),
    "timeout": UNREACHABLE.saying("The server of the address did not answer in time"),
    "connection_lost": UNREACHABLE.saying("The connection to the address broke"),
    "too_large": TOO_LARGE.saying(
        "The media is too large: an image may have 12 MB and 64,000,000 pixels (16,000,000 in JPEG 2000 of "
        "CMYK), an animated one 256,000,000 in all its frames, a frame of a video 64,000,000"
    ),
    "too_small": TOO_LARGE.saying("The media is too small: it must have at least 8 pixels on each side"),
    "too_long": TOO_LONG,
    "too_many_frames": TOO_MANY.saying("An animated image may have at most 50 frames"),
    "no_video": UNREADABLE.saying("The media has no video track"),
    "truncated": UNREADABLE.saying("The media is cut short"),
    "decode_failed": UNREADABLE.saying("The media is damaged"),
    "not_media": UNREADABLE,
    "worker_lost": OVERLOADED,
    "worker_replaced": OVERLOADED,
    "host_lost": OVERLOADED,
    "overloaded": OVERLOADED,
}


def fault_of(code: str) -> Fault:
    """The fault that stands for a `stream.errors` code; one that no caller can cause is ours."""
    return _OF_SOURCES.get(code, OUR_FAULT)
