"""Videos that were sent here: with the call itself, or before it to a one-time address."""

import time
from pathlib import Path

from aiohttp import web

from ...access.caller import Caller
from ...store import uploads
from ..parts import parts_of
from .errors import NO_UPLOAD, NOT_A_FILE, Refused
from .form import Form
from .images import file_address


async def sent_video(request: web.Request, form: Form, caller: Caller) -> tuple[str, Path] | None:
    """What it is called and where it lies; None if the call has neither. Raises `Refused`."""
    if files := form.named("media"):
        return files[0].name, Path(file_address(files[0], "The video has more than 50 MB").url)
    if form.fields.get("media"):
        raise Refused(NOT_A_FILE)
    if media_id := form.fields.get("media_id"):
        async with parts_of(request).store.reading() as tx:
            upload = await uploads.find(tx, media_id)
        if upload is None or upload.path is None or upload.expires_s <= time.time():
            raise Refused(NO_UPLOAD)
        # The file of another region lies in the folder of the service there.
        if upload.region != parts_of(request).settings.region or not caller.owns(upload.key_id):
            raise Refused(NO_UPLOAD)
        return media_id, Path(upload.path)
    return None
