"""`/1.0/video/check-sync.json` and `check-workflow-sync.json`: a short stored video, whose frames are in the answer."""

from aiohttp import web

from stream.address import Address, redact

from ...access.caller import Caller
from .answers import frames_json, media_json, success
from .arguments import read_address, read_interval_s
from .asked import Asks, by_models, by_workflow
from .body import BodyBounds
from .calls import json_answer, new_call, new_media
from .credentials import authenticate
from .errors import NO_MEDIA, Refused, fault_of
from .form import Form, form_of
from .grid import frames_at
from .parts import Compat, compat_of
from .sent import sent_video

_MOST_VIDEO_BYTES = 50_000_000
_MOST_BODY_BYTES = 64_000_000


def video_bounds(parts: Compat) -> BodyBounds:
    """What a call may send that is about a video."""
    return BodyBounds(most_bytes=_MOST_BODY_BYTES, file_bytes=_MOST_VIDEO_BYTES, files=1, grace_s=parts.upload_grace_s)


async def check_sync(request: web.Request) -> web.Response:
    return await _check(request, by_models)


async def check_workflow_sync(request: web.Request) -> web.Response:
    return await _check(request, by_workflow)


async def _check(request: web.Request, asks: Asks) -> web.Response:
    parts = compat_of(request)
    async with parts.uploads.one(), form_of(request, video_bounds(parts), parts.spooling) as form:
        caller = await authenticate(request, form.fields)
        asked = asks(request, form)
        interval_s = read_interval_s(form.fields)
        uri, address = await _named_video(request, form, caller)
        looked = await parts.checks.video(address, interval_s=interval_s)
        duration_s = 0.0 if looked.info is None else looked.info.duration_s or 0.0
        frames = frames_at(looked.looks, interval_s=interval_s, duration_s=duration_s)
        if not frames:
            raise Refused(fault_of("decode_failed"))
        media = new_media(uri)
        data = {"frames": frames_json(frames, media, detailed=asked.detailed)}
        judged = asked.judged([frame.gore for frame in frames]) | asked.named()
        return json_answer(success(new_call(), len(frames), media=media_json(media), data=data, **judged))


async def _named_video(request: web.Request, form: Form, caller: Caller) -> tuple[str, Address]:
    """What is to be checked, and what it is called: a file, or an address of the web. Raises `Refused`."""
    if sent := await sent_video(request, form, caller):
        uri, path = sent
        return uri, Address(url=str(path), scheme="file", host=None, port=None)
    url = form.fields.get("stream_url", "")
    if not url:
        raise Refused(NO_MEDIA)
    return redact(url), read_address(url, "stream_url")
