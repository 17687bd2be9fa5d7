"""FFmpeg's errors as ours: by their kind, never by their text."""

from typing import NoReturn

import av.error

from stream.address import Address
from stream.errors import (
    AccessDenied,
    ConnectionLost,
    ConnectionRefused,
    NotFound,
    NotMedia,
    ServerError,
    SourceError,
    SourceTimeout,
)

_BY_KIND: tuple[tuple[type[BaseException], type[SourceError], str], ...] = (
    (av.error.HTTPNotFoundError, NotFound, "answers that there is no such thing (404)"),
    (av.error.HTTPUnauthorizedError, AccessDenied, "wants a user name and password (401)"),
    (av.error.HTTPForbiddenError, AccessDenied, "refuses access (403)"),
    (av.error.HTTPServerError, ServerError, "answers with a server error (5xx)"),
    (av.error.HTTPError, ServerError, "refuses the request (4xx)"),
    (ConnectionRefusedError, ConnectionRefused, "refuses the connection; nothing listens on that port"),
    (FileNotFoundError, NotFound, "does not exist"),
    (PermissionError, AccessDenied, "may not be read: access is refused, or nobody publishes under that name"),
    (av.error.ExitError, SourceTimeout, "stayed silent for too long"),
    (TimeoutError, SourceTimeout, "stayed silent for too long"),
    (av.error.InvalidDataError, NotMedia, "is no picture, video or stream that can be read"),
    (av.error.ArgumentError, NotMedia, "is of a format that is not read here"),
    (av.error.DemuxerNotFoundError, NotMedia, "is of a format that is not read here"),
    (av.error.ProtocolNotFoundError, NotMedia, "leads to a protocol that is not read here"),
)


def raise_ours(error: BaseException, address: Address, *, opening: bool) -> NoReturn:
    """Raise the `SourceError` that stands for an error of FFmpeg's or of the system's."""
    if isinstance(error, SourceError):
        raise error
    for kind, ours, sentence in _BY_KIND:
        if isinstance(error, kind):
            raise ours(f"{address.redacted} {sentence}.") from error
    what = "could not be opened" if opening else "broke off"
    detail = getattr(error, "strerror", None) or type(error).__name__
    raise ConnectionLost(f"{address.redacted} {what}: {detail}.") from error
