"""`/1.0/upload/create-video.json` and the one-time addresses that it hands out: large videos, sent beforehand."""

import asyncio
import hashlib
import re
import secrets
import time
from pathlib import Path
from typing import BinaryIO

from aiohttp import web

from ...ids import new_id
from ...jobs.folder import MediaFolder
from ...store import uploads as rows
from ...store.uploads import Upload
from ..parts import parts_of
from .answers import success
from .body import BodyBounds, pieces
from .calls import json_answer, new_call
from .credentials import authenticate
from .errors import BAD_HOST, OVERLOADED, TOO_LARGE, UNREADABLE, UPLOAD_OVER, Refused
from .parts import compat_of

_MOST_BYTES = 500_000_000
_LASTS_S = 24 * 3600.0
"""For the address, and for the file that came to it."""
_WRITE_BYTES = 1024 * 1024
_TOKEN_BYTES = 32
_PATH = "/1.0/upload/video/"
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


async def create(request: web.Request) -> web.Response:
    caller = await authenticate(request, request.query)
    parts = parts_of(request)
    base = parts.settings.public_url or _reached_at(request)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    upload = Upload(
        media_id=new_id("med"),
        key_id=caller.key_id,
        token_hash=_hash(token),
        expires_s=time.time() + _LASTS_S,
        region=parts.settings.region,
    )
    async with parts.store.writing() as tx:
        await rows.add(tx, upload)
    address = {"url": f"{base.rstrip('/')}{_PATH}{token}", "expires": int(upload.expires_s)}
    return json_answer(success(new_call(), 0, upload=address, media={"id": upload.media_id}))


async def put(request: web.Request) -> web.Response:
    """Takes one file. An address whose upload broke off can be used again."""
    parts, store, region = compat_of(request), parts_of(request).store, parts_of(request).settings.region
    if (request.content_length or 0) > _MOST_BYTES:
        raise Refused(_TOO_LARGE)
    async with parts.large_uploads.one():
        async with store.writing() as tx:
            upload = await rows.claim(tx, _hash(request.match_info["token"]), now_s=time.time(), region=region)
        if upload is None:
            raise Refused(UPLOAD_OVER)
        try:
            path = await _take(request, parts.media, upload.media_id)
        except BaseException:
            async with store.writing() as tx:
                await rows.unclaim(tx, upload.media_id)
            raise
        async with store.writing() as tx:
            in_time = await rows.arrived(tx, upload.media_id, path=str(path))
        if not in_time:
            # It was cleared away meanwhile.
            await asyncio.to_thread(parts.media.drop, upload.media_id)
            raise Refused(UPLOAD_OVER)
    return json_answer(success(new_call(), 0, media={"id": upload.media_id}))


def _reached_at(request: web.Request) -> str:
    """The address that the caller reached this service at. Raises `Refused`."""
    if _HOST.fullmatch(request.host) is None:
        raise Refused(BAD_HOST)
    return f"{request.scheme}://{request.host}"


async def _take(request: web.Request, folder: MediaFolder, media_id: str) -> Path:
    """The file, once it is here whole. Raises `Refused`."""
    if await asyncio.to_thread(folder.free_bytes) < 2 * _MOST_BYTES:
        raise Refused(OVERLOADED.saying("The service has no room for uploads now; please try again later"))
    part = folder.incoming / media_id
    file = await asyncio.to_thread(part.open, "xb")
    try:
        try:
            size_bytes = await _write(request, file, grace_s=compat_of(request).upload_grace_s)
        finally:
            await asyncio.to_thread(file.close)
        if not size_bytes:
            raise Refused(UNREADABLE.saying("The file is empty (0 bytes)"))
        path = folder.path(media_id)
        await asyncio.to_thread(part.replace, path)
        return path
    finally:
        await asyncio.to_thread(part.unlink, missing_ok=True)


async def _write(request: web.Request, file: BinaryIO, *, grace_s: float) -> int:
    # The file's own bound is asked for here, for a failure in its words.
    bounds = BodyBounds(most_bytes=2 * _MOST_BYTES, file_bytes=_MOST_BYTES, files=0, grace_s=grace_s)
    buffer, size_bytes = bytearray(), 0
    async for piece in pieces(request, bounds):
        buffer += piece
        size_bytes += len(piece)
        if size_bytes > _MOST_BYTES:
            raise Refused(_TOO_LARGE)
        if len(buffer) >= _WRITE_BYTES:
            await asyncio.to_thread(file.write, bytes(buffer))
            buffer.clear()
    await asyncio.to_thread(file.write, bytes(buffer))
    return size_bytes


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


_TOO_LARGE = TOO_LARGE.saying("The video has more than 500 MB")
