"""What if: what other policies would have given of scores that are in the store."""

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Annotated, TypeVar

from aiohttp import web
from pydantic import ConfigDict, Field, TypeAdapter, WithJsonSchema, with_config

from inference.policy import Policy
from inference.replay import JUDGING
from inference.summary import Json, incident_json, seconds, summary_json
from inference.verdicts import Outcome
from stream.errors import Overloaded

from ..policies import FieldError, PolicyRefused, changes_schema, merge_policy
from ..whatif.process import JudgeLost
from ..whatif.replays import AlreadyAsking, RangeReplay, TakesTooLong, TooMuch
from ..wire import policy_json, timestamp
from .auth import caller_of
from .connected import while_connected
from .fields import read_json
from .kept_media import kept_media, running_media, visible
from .parts import parts_of
from .problems import Problem, unprocessable
from .query import MOMENT_SCHEMA, NO_MOMENT, unix_seconds

MOST_POLICIES = 50
_MOST_STREAMS = 1000
_LAST_S = 1e12
_RETRY_S = "5"
T = TypeVar("T")

routes = web.RouteTableDef()

_Changes = Annotated[dict[str, object], WithJsonSchema(changes_schema())]
_Moment = Annotated[str | float, WithJsonSchema(MOMENT_SCHEMA)]


@with_config(ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True))
@dataclass(frozen=True, slots=True)
class WhatIf:
    """The body of `POST /v1/media/{id}/replay`."""

    policy: _Changes
    """What differs from the policy that the media was judged by."""


@with_config(ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True))
@dataclass(frozen=True, slots=True)
class WhatIfOfMany:
    """The body of `POST /v1/replay`."""

    since: _Moment
    """Media that began then or later, by the service's clock: RFC 3339 with its offset, or Unix seconds."""
    policies: Annotated[list[_Changes], Field(min_length=1, max_length=MOST_POLICIES)]
    """What differs from the policy of the configuration, one object for each policy."""
    until: _Moment | None = None
    """Only media that began before."""
    streams: Annotated[list[str], Field(min_length=1, max_length=_MOST_STREAMS)] | None = None
    """Only media of the streams with these ids."""


_WHAT_IF = TypeAdapter(WhatIf)
_WHAT_IF_OF_MANY = TypeAdapter(WhatIfOfMany)


@routes.post("/v1/media/{id}/replay")
async def replay_media(request: web.Request) -> web.Response:
    """By keys of a policy over the media's own one."""
    parts = parts_of(request)
    stream = running_media(request)
    if stream is not None and not stream.closed:
        ref, end, own = stream.media, None, stream.policy
    else:
        kept = await kept_media(request)
        ref, end, own = kept.facts.ref, kept.end, kept.facts.policy or parts.settings.policy
    body = await read_json(request, _WHAT_IF)
    policy = _policy(body.policy, own, prefix="policy.")
    found = await _answered(request, parts.replays.of_media(caller_of(request).key_id, ref, end, policy))
    replayed = found.replayed
    answer: Json = {
        "media": ref.media_id,
        "policy": policy_json(policy),
        "exact": found.exact,
        "ignored": _ignored(body.policy),
        "incidents": [_without_id(incident_json(incident)) for incident in replayed.incidents],
        "incident_count": replayed.incident_count,
        "flagged_seconds": seconds(replayed.flagged_s),
        "summary": summary_json(replayed.summary),
    }
    return web.json_response(answer)


@routes.post("/v1/replay")
async def replay_range(request: web.Request) -> web.Response:
    """Counts for each policy, over all media of a time that the caller may see."""
    parts = parts_of(request)
    body = await read_json(request, _WHAT_IF_OF_MANY)
    since_s = _moment(body.since, "since")
    until_s = None if body.until is None else _moment(body.until, "until")
    policies = [
        _policy(given, parts.settings.policy, prefix=f"policies.{at}.") for at, given in enumerate(body.policies)
    ]
    stream_ids = None if body.streams is None else frozenset(body.streams)
    wanted = visible(request, since_s=since_s, until_s=until_s, stream_ids=stream_ids)
    if wanted is None:
        found = RangeReplay(outcomes=tuple(Outcome() for _ in policies), samples=0, exact=True)
    else:
        found = await _answered(request, parts.replays.of_range(caller_of(request).key_id, wanted, policies))
    rows = zip(policies, body.policies, found.outcomes, strict=True)
    answer: Json = {
        "samples": found.samples,
        "exact": found.exact,
        "policies": [
            {"policy": _judging_json(policy), "ignored": _ignored(given), **_outcome_json(outcome)}
            for policy, given, outcome in rows
        ],
    }
    return web.json_response(answer)


def _policy(given: Mapping[str, object], own: Policy, *, prefix: str) -> Policy:
    try:
        return merge_policy(given, own, prefix=prefix, strict=True)
    except PolicyRefused as error:
        raise unprocessable(error.errors) from error


def _ignored(given: Mapping[str, object]) -> list[str]:
    """Keys that were given and change nothing here."""
    return [key for key in given if key not in JUDGING]


def _moment(value: str | float, field: str) -> float:
    unix_s = unix_seconds(value) if isinstance(value, str) else value
    if unix_s is None or not abs(unix_s) < _LAST_S:
        raise unprocessable([FieldError(field, NO_MOMENT)])
    return unix_s


async def _answered(request: web.Request, question: Coroutine[None, None, T]) -> T:
    """The answer to a question, which is given up when the client goes. Raises `Problem`."""
    later = {"Retry-After": _RETRY_S}
    try:
        return await while_connected(request, question)
    except AlreadyAsking as error:
        detail = "This key has a replay that is not finished; wait for its answer."
        raise Problem(429, detail, code="replay_running", headers=later) from error
    except Overloaded as error:
        detail = "As many replays are running as may be; try again."
        raise Problem(503, detail, code="overloaded", headers=later) from error
    except JudgeLost as error:
        detail = "The process that made the replay ended; try again, or with less."
        raise Problem(503, detail, code="replay_broken", headers=later) from error
    except TakesTooLong as error:
        detail = f"The replay was given up: {error} Ask for less."
        raise Problem(503, detail, code="replay_too_long", headers=later) from error
    except TooMuch as error:
        raise _too_much(error) from error


def _too_much(error: TooMuch) -> Problem:
    how = "the newest media alone has more: ask for fewer policies, or raise limits.replay_samples"
    if error.fits_since_s is not None:
        how = f"begin at {timestamp(error.fits_since_s)}, or ask for fewer policies or streams"
    detail = f"So many policies may judge {error.most} samples (limits.replay_samples), and there are more; {how}."
    return Problem(422, detail, code="replay_too_large")


def _judging_json(policy: Policy) -> Json:
    """The keys that make a difference."""
    return {name: value for name, value in policy_json(policy).items() if name in JUDGING}


def _without_id(incident: Json) -> Json:
    return {name: value for name, value in incident.items() if name != "id"}


def _outcome_json(outcome: Outcome) -> Json:
    return {
        "media": outcome.media,
        "media_flagged": outcome.media_flagged,
        "incidents": outcome.incidents,
        "flagged_seconds": seconds(outcome.flagged_s),
        "right": outcome.right,
        "wrong": outcome.wrong,
        "confirmed": outcome.confirmed,
        "found": outcome.found,
        "precision": _share(outcome.precision),
        "recall": _share(outcome.recall),
    }


def _share(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
