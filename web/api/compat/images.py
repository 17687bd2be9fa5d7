"""`/1.0/check.json` and `check-workflow.json`: one image, or several in bulk."""

import asyncio
from collections.abc import Sequence

from aiohttp import web

from inference.looks import Looked
from stream.address import Address, redact

from ...checks import MOST_IMAGE_BYTES
from .answers import Json, highest_of, image_json, success
from .arguments import read_address
from .asked import Asked, Asks, by_models, by_workflow
from .body import BodyBounds
from .calls import json_answer, new_call, new_media
from .credentials import authenticate
from .errors import NO_MEDIA, NOT_A_FILE, TOO_LARGE, TOO_MANY, UNREADABLE, Refused, fault_of
from .form import Form, form_of
from .multipart import Upload
from .parts import Compat, compat_of

_MOST_BULK = 6
_MOST_BULK_BYTES = 24 * 1024 * 1024
_MOST_BODY_BYTES = 32 * 1024 * 1024
_BULK = "media[]"


def image_bounds(parts: Compat) -> BodyBounds:
    """What a call may send that is about images."""
    return BodyBounds(
        most_bytes=_MOST_BODY_BYTES,
        file_bytes=MOST_IMAGE_BYTES,
        files=_MOST_BULK + 1,
        grace_s=parts.upload_grace_s,
    )


async def check(request: web.Request) -> web.Response:
    return await _check(request, by_models)


async def check_workflow(request: web.Request) -> web.Response:
    return await _check(request, by_workflow)


async def _check(request: web.Request, asks: Asks) -> web.Response:
    parts = compat_of(request)
    async with parts.uploads.one(), form_of(request, image_bounds(parts), parts.spooling) as form:
        await authenticate(request, form.fields)
        asked = asks(request, form)
        if bulk := form.named(_BULK):
            return json_answer(await _bulk(bulk, asked, parts))
        return json_answer(await _single(form, asked, parts))


async def _single(form: Form, asked: Asked, parts: Compat) -> Json:
    uri, address = named_image(form)
    looked = await _looked(address, parts)
    result = image_json(looked.looks, new_media(uri), detailed=asked.detailed)
    judged = asked.judged([highest_of(looked.looks)]) | asked.named()
    return success(new_call(), len(looked.looks), **result, **judged)


async def _bulk(uploads: Sequence[Upload], asked: Asked, parts: Compat) -> Json:
    """One that cannot be scored fails them all."""
    if len(uploads) > _MOST_BULK:
        raise Refused(TOO_MANY.saying(f"At most {_MOST_BULK} images may be sent at once"))
    if sum(upload.size_bytes for upload in uploads) > _MOST_BULK_BYTES:
        raise Refused(TOO_LARGE.saying("The images have more than 24 MB together"))
    addresses = [file_address(upload, "An image has more than 12 MB") for upload in uploads]
    checks = [asyncio.ensure_future(_looked(address, parts)) for address in addresses]
    try:
        results = await asyncio.gather(*checks)
    finally:
        for one in checks:
            one.cancel()
        await asyncio.wait(checks)
    data = [
        image_json(looked.looks, new_media(upload.name), detailed=asked.detailed)
        | asked.judged([highest_of(looked.looks)])
        for upload, looked in zip(uploads, results, strict=True)
    ]
    judged = asked.judged([highest_of(looked.looks) for looked in results]) | asked.named()
    return success(new_call(), sum(len(looked.looks) for looked in results), data=data, **judged)


def named_image(form: Form) -> tuple[str, Address]:
    """What is to be checked, and what it is called. Raises `Refused`."""
    if uploads := form.named("media"):
        return uploads[0].name, file_address(uploads[0], "The image has more than 12 MB")
    if form.fields.get("media"):
        raise Refused(NOT_A_FILE)
    url = form.fields.get("url", "")
    if not url:
        raise Refused(NO_MEDIA)
    return redact(url), read_address(url, "url")


def file_address(upload: Upload, if_too_large: str) -> Address:
    """Where a worker finds what was sent. Raises `Refused`."""
    if upload.too_large:
        raise Refused(TOO_LARGE.saying(if_too_large))
    if upload.size_bytes == 0:
        raise Refused(UNREADABLE.saying("The file is empty (0 bytes)"))
    return Address(url=str(upload.path), scheme="file", host=None, port=None)


async def _looked(address: Address, parts: Compat) -> Looked:
    looked = await parts.checks.image(address)
    if not looked.looks:
        raise Refused(fault_of("decode_failed"))
    return looked
