"""`/v1/streams`: streams that the service pulls, and all that run."""

import asyncio
import json
from collections.abc import Iterator, Mapping

from aiohttp import web

from inference.summary import Json, probability, seconds, summary_json
from stream.sample import Counters

from ..names import NameTaken, NotAccepted, TooManyStreams
from ..running import Stream
from ..wire import failure_json, policy_json, timestamp
from .auth import caller_of, for_another_stream
from .fields import read_new_stream, source_address, stream_policy
from .parts import parts_of
from .problems import Problem

_AT_ONCE = 100
"""Streams that are told of before something else has its turn: thousands hold up events for a tenth of a second."""

routes = web.RouteTableDef()


@routes.post("/v1/streams")
async def add(request: web.Request) -> web.Response:
    parts = parts_of(request)
    body = await read_new_stream(request)
    policy = stream_policy(body.policy, parts.settings.policy)
    address = source_address(body.url, parts.settings, keyed=not parts.access.open)
    caller = caller_of(request)
    if caller.stream is not None:
        raise for_another_stream()
    if body.name is not None and (where := await parts.standing.named_elsewhere(caller.key_id, body.name)):
        words = f"A stream named {body.name} is running in the region {where}; end it first or choose another name."
        raise Problem(409, words, code="name_taken")
    try:
        stream = parts.registry.add(
            address, name=body.name, policy=policy, trusted=False, owner=caller.key_id, lasting=True
        )
    except NotAccepted as error:
        raise not_accepted(error) from error
    await parts.standing.settled(stream.id)
    return web.json_response(stream_json(stream), status=201, headers={"Location": f"/v1/streams/{stream.id}"})


@routes.get("/v1/streams")
async def listed(request: web.Request) -> web.Response:
    said: list[str] = []
    for stream in streams_of(request):
        said.append(json.dumps(stream_json(stream)))
        if len(said) % _AT_ONCE == 0:
            await asyncio.sleep(0)
    return web.Response(text=f'{{"streams": [{", ".join(said)}]}}', content_type="application/json")


@routes.get("/v1/streams/{id}")
async def one(request: web.Request) -> web.Response:
    return web.json_response(stream_json(stream_of(request)))


@routes.delete("/v1/streams/{id}")
async def end(request: web.Request) -> web.Response:
    """Answers with the final summary, also for a stream that had ended by itself."""
    parts, stream = parts_of(request), stream_of(request)
    summary = await parts.registry.end(stream)
    await parts.standing.settled(stream.id)
    return web.json_response(summary_json(summary))


def stream_of(request: web.Request) -> Stream:
    """The stream that the path names. Raises `Problem` 404, also for one that the caller may not see."""
    stream = parts_of(request).registry.stream(request.match_info["id"])
    if stream is None or not caller_of(request).sees(stream.owner, stream.id):
        raise Problem(404, "There is no stream of this id.", code="stream_unknown")
    return stream


def streams_of(request: web.Request) -> Iterator[Stream]:
    """Those that the caller may see, oldest first."""
    caller = caller_of(request)
    return (stream for stream in parts_of(request).registry if caller.sees(stream.owner, stream.id))


def not_accepted(error: NotAccepted) -> Problem:
    """The answer to a stream that cannot be added."""
    match error:
        case NameTaken():
            return Problem(409, str(error), code="name_taken")
        case TooManyStreams():
            return Problem(429, str(error), code="too_many_streams")
    return Problem(503, str(error), code="shutting_down")


def stream_json(stream: Stream) -> Json:
    latest, info, counters = stream.latest, stream.info, stream.counters
    dropped = stream.dropped_of(counters)
    return {
        "id": stream.id,
        "name": stream.name,
        "url": stream.media.uri,
        "state": stream.state.value,
        "media": stream.media.media_id,
        "prob": None if latest is None else probability(latest.prob),
        "raw": None if latest is None else probability(latest.raw),
        "position": None if latest is None else seconds(latest.position_s),
        "samples": stream.tally.scored,
        "dropped": sum(dropped.values()),
        "started": timestamp(stream.added_s),
        "error": None if stream.failure is None else failure_json(stream.failure),
        "policy": policy_json(stream.policy),
        "codec": None if info is None else info.codec,
        "width": None if info is None else info.width,
        "height": None if info is None else info.height,
        "fps": None if info is None else info.fps,
        "decoder": None if info is None else info.decoder,
        "counters": _counters_json(counters, dropped),
    }


def _counters_json(counters: Counters, dropped: Mapping[str, int]) -> Json:
    """Running totals over all openings of a stream; `lag` is of the present one."""
    return {
        "packets": counters.packets,
        "bytes": counters.size_bytes,
        "frames": counters.frames,
        "samples": counters.samples,
        "dropped": dropped,
        "decode_errors": counters.decode_errors,
        "fallbacks": counters.fallbacks,
        "reconnects": counters.reconnects,
        "lag": None if counters.lag_s is None else seconds(counters.lag_s),
    }
