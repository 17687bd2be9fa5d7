"""Stored videos and live streams that are watched as jobs.

`/1.0/video/check.json` and `check-workflow.json`, `byid.json` and `ongoing.json`.
"""

import asyncio
from collections.abc import Sequence

from aiohttp import web

from stream.address import redact

from ...access.caller import Caller
from ...jobs.jobs import KeyReused, TooManyJobs, Wanted
from ...jobs.objects import job_json
from ...names import NotAccepted, TooManyStreams
from ...store import jobs as rows
from ...store.jobs import Job, JobFrame
from ..parts import parts_of
from .answers import success
from .arguments import read_callback_url, read_interval_s, read_max_duration_s, read_watched
from .asked import Asked, Asks, by_models, by_workflow
from .body import BodyBounds
from .calls import json_answer, new_call, same_call
from .credentials import authenticate
from .errors import KEY_REUSED, NO_JOB, NO_MEDIA, OUT_OF_RANGE, OVERLOADED, TOO_MANY_JOBS, Refused
from .form import Form, form_of
from .parts import compat_of
from .sent import sent_video
from .videos import video_bounds

_FIELDS_BYTES = 64 * 1024
IDEMPOTENCY = "Idempotency-Key"
LONGEST_KEY = 255


async def check(request: web.Request) -> web.Response:
    return await _check(request, by_models)


async def check_workflow(request: web.Request) -> web.Response:
    return await _check(request, by_workflow)


async def _check(request: web.Request, asks: Asks) -> web.Response:
    """Answers as soon as the job is in the store; what cannot be told at once ends the job."""
    parts = compat_of(request)
    async with parts.uploads.one(), form_of(request, video_bounds(parts), parts.job_spooling) as form:
        caller = await authenticate(request, form.fields)
        asked = asks(request, form)
        wanted = await _wanted(request, form, caller, asked)
        try:
            job = await parts.jobs.submit(wanted, caller)
        except (TooManyJobs, TooManyStreams) as error:
            raise Refused(TOO_MANY_JOBS) from error
        except NotAccepted as error:
            raise Refused(OVERLOADED) from error
        except KeyReused as error:
            raise Refused(KEY_REUSED) from error
    echo = {} if job.callback_url is None else {"callback": job.callback_url}
    media = {"id": job.id, "uri": job.uri}
    return json_answer(success(same_call(job.request_id), 0, media=media, **echo, **asked.named()))


async def by_id(request: web.Request) -> web.Response:
    job = await _named_job(request)
    async with parts_of(request).store.reading() as tx:
        # Once more, so that the state and the frames are of one moment.
        now = await rows.find(tx, job.id)
        frames = await rows.frames(tx, job.id)
    if now is None:
        raise Refused(NO_JOB)
    # Of an hour of frames there are megabytes, which would hold up everybody else for a tenth of a second.
    return await asyncio.to_thread(_told, now, frames)


async def stop(request: web.Request) -> web.Response:
    """A success for a job that has ended, too."""
    job = await _named_job(request)
    await compat_of(request).jobs.stop(job)
    return json_answer(success(new_call(), 0))


async def ongoing(request: web.Request) -> web.Response:
    caller = await authenticate(request, await _fields(request))
    async with parts_of(request).store.reading() as tx:
        found = await rows.ongoing_of(tx, caller.key_id)
    return json_answer(success(new_call(), 0, ongoing=[job_json(job, None) for job in found]))


def _told(job: Job, frames: Sequence[JobFrame]) -> web.Response:
    return json_answer(success(new_call(), 0, output=job_json(job, frames)))


async def _wanted(request: web.Request, form: Form, caller: Caller, asked: Asked) -> Wanted:
    interval_s = read_interval_s(form.fields)
    max_duration_s = read_max_duration_s(form.fields)
    callback_url = read_callback_url(form.fields)
    key = request.headers.get(IDEMPOTENCY) or None
    if key is not None and not (len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise Refused(OUT_OF_RANGE.saying(f"{IDEMPOTENCY} must be at most {LONGEST_KEY} characters of printable ASCII"))
    sent = await sent_video(request, form, caller)
    url = form.fields.get("stream_url", "")
    if sent is None and not url:
        raise Refused(NO_MEDIA)
    return Wanted(
        uri=redact(url) if sent is None else sent[0],
        source=read_watched(url) if sent is None else sent[1],
        models=asked.models.names,
        workflow=asked.workflow,
        interval_s=interval_s,
        max_duration_s=max_duration_s,
        callback_url=callback_url,
        idempotency_key=key,
    )


async def _named_job(request: web.Request) -> Job:
    """Raises `Refused`: a job of another key is as unknown as one that never was."""
    fields = await _fields(request)
    caller = await authenticate(request, fields)
    async with parts_of(request).store.reading() as tx:
        job = await rows.find(tx, fields.get("id", ""))
    if job is None or not caller.owns(job.key_id):
        raise Refused(NO_JOB)
    return job


async def _fields(request: web.Request) -> dict[str, str]:
    """Of the query, or of a body without files."""
    parts = compat_of(request)
    bounds = BodyBounds(most_bytes=_FIELDS_BYTES, file_bytes=0, files=0, grace_s=parts.upload_grace_s)
    async with form_of(request, bounds, parts.spooling) as form:
        return form.fields
