"""`/1.0/video/check-sync.json`: a short stored video, whose frames are in the answer."""

from aiohttp import web

from stream.address import Address, redact

from .answers import frames_json, media_json, success
from .arguments import read_address, read_interval_s, read_models
from .body import BodyBounds
from .calls import json_answer, new_call, new_media
from .credentials import authenticate
from .errors import NO_MEDIA, NOT_A_FILE, Refused, fault_of
from .form import Form, form_of
from .grid import frames_at
from .images import file_address
from .parts import compat_of

MOST_VIDEO_BYTES = 50_000_000
_MOST_BODY_BYTES = 64_000_000


async def check_sync(request: web.Request) -> web.Response:
    parts = compat_of(request)
    bounds = BodyBounds(most_bytes=_MOST_BODY_BYTES, file_bytes=MOST_VIDEO_BYTES, files=1, grace_s=parts.upload_grace_s)
    async with parts.uploads.one(), form_of(request, bounds, parts.spooling) as form:
        await authenticate(request, form.fields)
        models = read_models(form.fields)
        interval_s = read_interval_s(form.fields)
        uri, address = named_video(form)
        looked = await parts.checks.video(address, interval_s=interval_s)
        duration_s = 0.0 if looked.info is None else looked.info.duration_s or 0.0
        frames = frames_at(looked.looks, interval_s=interval_s, duration_s=duration_s)
        if not frames:
            raise Refused(fault_of("decode_failed"))
        media = new_media(uri)
        data = {"frames": frames_json(frames, media, detailed=models.detailed)}
        return json_answer(success(new_call(), len(frames), media=media_json(media), data=data))


def named_video(form: Form) -> tuple[str, Address]:
    """What is to be checked, and what it is called: a file, or an address of the web. Raises `Refused`."""
    if uploads := form.named("media"):
        return uploads[0].name, file_address(uploads[0], "The video has more than 50 MB")
    if form.fields.get("media"):
        raise Refused(NOT_A_FILE)
    url = form.fields.get("stream_url", "")
    if not url:
        raise Refused(NO_MEDIA)
    return redact(url), read_address(url, "stream_url")
