"""`/1.0/feedback.json`: what people say that a picture is, kept to train on."""

import asyncio
import time
from collections.abc import Mapping

from aiohttp import web

from ...ids import new_id
from ...pictures import FeedbackFolder
from ...store import feedback as rows
from ...store.feedback import Feedback
from ..parts import parts_of
from .answers import media_json, success
from .arguments import GORE, GORE_2
from .calls import json_answer, new_call, new_media
from .credentials import authenticate
from .errors import BAD_FEEDBACK, Refused, fault_of
from .form import form_of
from .images import image_bounds, named_image
from .parts import compat_of

_OF_GORE = ("safe", "gore", "unknown")
CLASSES: Mapping[str, tuple[str, ...]] = {GORE: _OF_GORE, GORE_2: _OF_GORE, "unknown": ("unknown", "miss", "safe")}


async def feedback(request: web.Request) -> web.Response:
    parts = compat_of(request)
    async with parts.uploads.one(), form_of(request, image_bounds(parts), parts.spooling) as form:
        caller = await authenticate(request, form.fields)
        model, label = _read(form.fields)
        uri, address = named_image(form)
        keep = parts_of(request).settings.policy.keep != "none"
        looked, pixels = await parts.checks.pictured(address)
    if not looked.looks or pixels is None:
        raise Refused(fault_of("decode_failed"))
    media = new_media(uri)
    given = Feedback(
        id=new_id("fbk"),
        key_id=caller.key_id,
        model=model,
        label=label,
        uri=uri,
        path=None,
        created_s=time.time(),
        prob=max(look.gore.prob for look in looked.looks),
    )
    service = parts_of(request)
    if keep:
        folder = FeedbackFolder(service.settings.data_dir)
        given = await asyncio.to_thread(folder.with_picture, given, pixels)
    async with service.store.writing() as tx:
        await rows.add(tx, given)
    return json_answer(success(new_call(), 0, media=media_json(media)))


def _read(fields: Mapping[str, str]) -> tuple[str, str]:
    """Model and class. Raises `Refused`."""
    model, label = fields.get("model", ""), fields.get("class", "")
    classes = CLASSES.get(model)
    if classes is None:
        raise Refused(BAD_FEEDBACK.saying(f"model must be one of {', '.join(CLASSES)}"))
    if label not in classes:
        raise Refused(BAD_FEEDBACK.saying(f"class must be one of {', '.join(classes)} for the model {model}"))
    return model, label
