"""What can go wrong with a source of video.

    SourceError
      AddressInvalid        the address does not parse, or its scheme is unknown
      AddressRefused        the address is well formed but may not be reached from here
      HostUnknown           its name does not resolve
      ConnectionRefused     nobody listens there
      AccessDenied          401 or 403, or a file that may not be read
      NotFound              404, or a file that is not there
      ServerError           any other HTTP status that is no success
      SourceTimeout         it accepted and then said nothing in time
      NotMedia              its bytes are no picture, video or stream that we can read
        TooLarge            it has more bytes or pixels than are read
        TooSmall            it has too few pixels to be judged
      Truncated             it ends before its own index says; the frames before count
      TooLong               a video that is longer than was asked for, or has no end
      TooManyFrames         an animated picture that has more frames than are read
      NoVideo               it is media, but has no video track
      ConnectionLost        it broke while it was being read
      DecodeFailed          its packets could not be turned into frames
      ToolMissing           a program that it needs is not installed
      WorkerLost            the process that decoded it died
      WorkerReplaced        that process grew past its limit and was ended
      HostLost              the machine that watched it is gone, or gives it away
      Overloaded            no worker had room for it
      PortsTaken            every UDP port that WebRTC may use is in use
      PublishRefused        a WebRTC offer that cannot be answered
        OfferInvalid          it is not SDP, or offers no video
        CodecUnsupported      it offers no codec that we decode
      InternalFault         a defect of ours; the log has it

`code` is stable and meant for programs; `retryable` says whether trying the same address again can help. Both are
decided where the error is raised, never by reading its text.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Failure:
    """A `SourceError` as a value, so that it can cross from a worker to the service."""

    code: str
    message: str
    retryable: bool = False


class SourceError(Exception):
    """A source could not be opened or broke for good. `str()` is one sentence that says what to do about it."""

    code: ClassVar[str] = "source_error"
    retryable: ClassVar[bool] = False

    def failure(self) -> Failure:
        """The same as a value."""
        return Failure(code=self.code, message=str(self), retryable=self.retryable)


class AddressInvalid(SourceError):
    code = "address_invalid"


class AddressRefused(SourceError):
    code = "address_refused"


class HostUnknown(SourceError):
    code = "host_unknown"
    retryable = True


class ConnectionRefused(SourceError):
    code = "connection_refused"
    retryable = True


class AccessDenied(SourceError):
    code = "access_denied"


class NotFound(SourceError):
    code = "not_found"


class ServerError(SourceError):
    code = "server_error"
    retryable = True


class SourceTimeout(SourceError):
    code = "timeout"
    retryable = True


class NotMedia(SourceError):
    code = "not_media"


class TooLarge(NotMedia):
    code = "too_large"


class TooSmall(NotMedia):
    code = "too_small"


class TooLong(SourceError):
    code = "too_long"


class TooManyFrames(SourceError):
    code = "too_many_frames"


class Truncated(SourceError):
    code = "truncated"


class NoVideo(SourceError):
    code = "no_video"


class ConnectionLost(SourceError):
    code = "connection_lost"
    retryable = True


class DecodeFailed(SourceError):
    code = "decode_failed"


class ToolMissing(SourceError):
    code = "tool_missing"


class WorkerLost(SourceError):
    code = "worker_lost"
    retryable = True


class WorkerReplaced(SourceError):
    code = "worker_replaced"
    retryable = True


class HostLost(SourceError):
    code = "host_lost"
    retryable = True


class Overloaded(SourceError):
    code = "overloaded"
    retryable = True


class PortsTaken(SourceError):
    code = "ports_taken"
    retryable = True


class PublishRefused(SourceError):
    code = "publish_refused"


class OfferInvalid(PublishRefused):
    code = "offer_invalid"


class CodecUnsupported(PublishRefused):
    code = "codec_unsupported"


class InternalFault(SourceError):
    code = "internal"


def error_from(failure: Failure) -> SourceError:
    """The error that a value stands for, to be raised on this side of the process border."""
    kinds = {kind.code: kind for kind in _descendants(SourceError)}
    return kinds.get(failure.code, SourceError)(failure.message)


def _descendants(kind: type[SourceError]) -> list[type[SourceError]]:
    return [kind, *(deeper for child in kind.__subclasses__() for deeper in _descendants(child))]
