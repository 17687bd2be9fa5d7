"""The parameters of a call: query and body as one, whatever the method and the encoding."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from aiohttp import web
from python_multipart.multipart import parse_options_header

from .body import BodyBounds, pieces
from .errors import BODY_MALFORMED, BODY_TOO_LARGE, Refused
from .multipart import MultipartForm, Upload

_MOST_FIELDS = 100
_MOST_TEXT_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Form:
    """What a caller sent. Where query and body name the same, the body's holds; of several the first."""

    fields: dict[str, str]
    uploads: tuple[Upload, ...] = ()

    def named(self, field: str) -> tuple[Upload, ...]:
        """The files that were sent under this name."""
        return tuple(upload for upload in self.uploads if upload.field == field)


class Spooling:
    """The service's own folder for files on their way to a worker. It has one owner, who takes it away."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)

    def __iter__(self) -> "Spooling":
        return self

    def __next__(self) -> Path:
        """A path that no other file has or had."""
        return self._folder / f"upload-{next(self._numbers)}"


@asynccontextmanager
async def form_of(request: web.Request, bounds: BodyBounds, spooling: Spooling) -> AsyncIterator[Form]:
    """The form, whose files are there for as long as the context lasts. Raises `Refused`."""
    query = {name: request.query[name] for name in dict.fromkeys(request.query)}
    # As the bytes that were sent: text that stands for others cannot be encoded.
    kind, options = parse_options_header(request.headers.get("Content-Type", "").encode(errors="surrogateescape"))
    if not request.body_exists:
        yield Form(query)
    elif kind == b"multipart/form-data":
        form = MultipartForm(options.get(b"boundary", b""), bounds, spooling)
        try:
            async for piece in pieces(request, bounds):
                await form.write(piece)
            yield Form(query | form.fields, tuple(form.finish()))
        finally:
            form.close()
    elif kind == b"application/x-www-form-urlencoded":
        yield Form(query | await _urlencoded(request, bounds))
    else:
        # Of no meaning here. It is read all the same, so that its sender hears what is missing.
        async for _ in pieces(request, bounds):
            pass
        yield Form(query)


async def _urlencoded(request: web.Request, bounds: BodyBounds) -> dict[str, str]:
    text = bytearray()
    async for piece in pieces(request, bounds):
        text += piece
        if len(text) > _MOST_TEXT_BYTES:
            raise Refused(BODY_TOO_LARGE)
    try:
        pairs = parse_qsl(
            text.decode(errors="replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="replace"
        )
    except ValueError as error:
        raise Refused(BODY_MALFORMED.saying(f"The request's body has more than {_MOST_FIELDS} fields")) from error
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields.setdefault(name, value)
    return fields
