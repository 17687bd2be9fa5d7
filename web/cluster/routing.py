"""Which of several services a request is for, by its method, path and parameters. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

from stream.ids import is_id

from .subjects import PATH, Kind, Subject


class Way(Enum):
    """How a request goes."""

    HERE = auto()
    """The web node answers itself."""
    ANY = auto()
    """Every service would answer alike."""
    OWNER = auto()
    """Only the service that has its subject can answer."""
    PREFERRED = auto()
    """The service that has its subject knows most of it; the others know what is in the store."""
    PLACED = auto()
    """It makes something new: one service takes it, by its name if it has one."""
    JOINED = auto()
    """The answers of all services make one."""


_PREFIXES = {Kind.STREAM: "str", Kind.MEDIA: "med", Kind.INCIDENT: "inc", Kind.JOB: "med", Kind.UPLOAD: "med"}
"""Of what is called by an id of ours."""
_MOST_CHARACTERS = 256
"""Of other names, which are all of ASCII."""

Place = Literal["path", "query", "json", "form"]
"""Where a request names its subject. A form is what stands in the query and in the body."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How requests with one method to one path go."""

    way: Way
    place: Place = "path"
    names: tuple[tuple[str, Kind], ...] = ()
    """Parameters that may name the subject, the first that does counting."""

    @property
    def in_body(self) -> bool:
        return self.place in ("json", "form")

    def subject(self, given: Mapping[str, str]) -> Subject | None:
        """By the parameters that stand where they are looked for; None if none of them does."""
        for parameter, kind in self.names:
            if (value := given.get(parameter)) and _may_be(kind, value):
                return Subject(kind, value)
        return None


def _may_be(kind: Kind, value: str) -> bool:
    """Whether something of that kind can be called so; what cannot is nobody's, and need not be looked for."""
    prefix = _PREFIXES.get(kind)
    if prefix is not None:
        return is_id(prefix, value)
    return len(value) <= _MOST_CHARACTERS and value.isascii()


@dataclass(frozen=True, slots=True)
class Route:
    """What is known of a request before its body is read."""

    rule: Rule
    subject: Subject | None = None


HERE, ANY, JOINED = Rule(Way.HERE), Rule(Way.ANY), Rule(Way.JOINED)
_STREAM = Rule(Way.OWNER, names=(("id", Kind.STREAM),))
_LAST_OF_STREAM = Rule(Way.PREFERRED, names=(("id", Kind.STREAM),))
_MEDIA = Rule(Way.PREFERRED, names=(("id", Kind.MEDIA),))
_INCIDENT = Rule(Way.PREFERRED, names=(("id", Kind.INCIDENT),))
_PICTURE = Rule(Way.OWNER, names=(("id", Kind.INCIDENT),))
_LISTED = Rule(Way.PREFERRED, "query", (("stream", Kind.STREAM), ("media", Kind.MEDIA)))
_HOST = Rule(Way.OWNER, names=(("id", Kind.HOST),))
_SESSION = Rule(Way.OWNER, names=(("session", Kind.SESSION),))
_SENT = Rule(Way.OWNER, "form", (("media_id", Kind.UPLOAD),))
_NEW_JOB = Rule(Way.PLACED, "form", (("media_id", Kind.UPLOAD),))

TABLE: Mapping[str, Mapping[str, Rule]] = {
    "/": {"GET": HERE},
    "/static/{path}": {"GET": HERE},
    "/docs": {"GET": HERE},
    "/openapi.json": {"GET": HERE},
    "/asyncapi.json": {"GET": HERE},
    "/healthz": {"GET": HERE},
    "/readyz": {"GET": HERE},
    "/metrics": {"GET": HERE},
    "/v1/events": {"GET": HERE},
    "/v1/streams": {"GET": JOINED, "POST": Rule(Way.PLACED, "json", (("name", Kind.NAME),))},
    "/v1/streams/{id}": {"GET": _STREAM, "DELETE": _STREAM},
    "/v1/streams/{id}/summary": {"GET": _LAST_OF_STREAM},
    "/v1/streams/{id}/preview.jpg": {"GET": _STREAM},
    "/v1/media": {"GET": _LISTED},
    "/v1/media/{id}": {"GET": _MEDIA},
    "/v1/media/{id}/summary": {"GET": _MEDIA},
    "/v1/media/{id}/scores": {"GET": _MEDIA},
    "/v1/media/{id}/report.html": {"GET": _MEDIA},
    "/v1/media/{id}/replay": {"POST": _MEDIA},
    "/v1/replay": {"POST": ANY},
    "/v1/incidents": {"GET": _LISTED},
    "/v1/incidents/{id}": {"GET": _INCIDENT},
    "/v1/incidents/{id}/review": {"POST": _INCIDENT},
    "/v1/incidents/{id}/reviews": {"GET": _INCIDENT},
    "/v1/incidents/{id}/thumbnail.jpg": {"GET": _PICTURE},
    "/v1/incidents/{id}/heat": {"GET": _PICTURE},
    "/v1/views": {"GET": ANY},
    "/v1/views/{id}/shown": {"POST": ANY},
    "/v1/webhooks": {"GET": ANY, "POST": ANY},
    "/v1/webhooks/secret": {"GET": ANY, "POST": ANY},
    "/v1/webhooks/{id}": {"GET": ANY, "DELETE": ANY},
    "/v1/webhooks/{id}/secret": {"POST": ANY},
    "/v1/webhooks/{id}/enable": {"POST": ANY},
    "/v1/callbacks": {"GET": ANY},
    "/v1/callbacks/{id}/retry": {"POST": ANY},
    "/v1/tokens": {"POST": Rule(Way.PREFERRED, "json", (("stream", Kind.STREAM), ("stream", Kind.NAME)))},
    "/v1/hosts": {"GET": JOINED},
    "/v1/hosts/{id}/drain": {"POST": _HOST, "DELETE": _HOST},
    "/whip/{name}": {"POST": Rule(Way.PLACED, names=(("name", Kind.NAME),)), "OPTIONS": ANY},
    "/whip/{name}/{session}": {"PATCH": _SESSION, "DELETE": _SESSION, "OPTIONS": ANY},
    "/1.0/check.json": {"GET": ANY, "POST": ANY},
    "/1.0/check-workflow.json": {"GET": ANY, "POST": ANY},
    "/1.0/video/check-sync.json": {"GET": _SENT, "POST": _SENT},
    "/1.0/video/check-workflow-sync.json": {"GET": _SENT, "POST": _SENT},
    "/1.0/video/check.json": {"GET": _NEW_JOB, "POST": _NEW_JOB},
    "/1.0/video/check-workflow.json": {"GET": _NEW_JOB, "POST": _NEW_JOB},
    "/1.0/video/byid.json": {"GET": ANY, "DELETE": Rule(Way.OWNER, "form", (("id", Kind.JOB),))},
    "/1.0/video/ongoing.json": {"GET": ANY},
    "/1.0/upload/create-video.json": {"GET": ANY},
    # Whichever takes the file is found by its media afterwards.
    "/1.0/upload/video/{token}": {"PUT": ANY},
    "/1.0/feedback.json": {"GET": ANY, "POST": ANY},
    PATH: {"GET": ANY},
}
"""Every path that a service has, as its router writes it."""

_MAKES = ("/v1/streams/{id}", "/whip/{name}/{session}")
"""What `Location` names in the answer to what was placed."""


def route(method: str, path: str, query: Mapping[str, str]) -> Route:
    """How a request goes. What no service has goes to any, which says so."""
    found = _found(path)
    if found is None:
        return Route(ANY)
    template, given = found
    rules = TABLE[template]
    if rules.get("GET") is HERE:
        return Route(HERE)
    rule = rules.get("GET" if method == "HEAD" else method, ANY)
    # What a body names is looked for when it is there.
    return Route(rule, None if rule.in_body else rule.subject(given if rule.place == "path" else query))


def made(location: str) -> Subject | None:
    """What was made, by the `Location` of the answer."""
    found = _found(location)
    if found is None or found[0] not in _MAKES:
        return None
    return TABLE[found[0]]["DELETE"].subject(found[1])


def _found(path: str) -> tuple[str, dict[str, str]] | None:
    """The path as it stands in the table, and what stands in its gaps."""
    if path.startswith("//1.0/"):
        path = path[1:]
    for pattern, template in _PATTERNS:
        if (match := pattern.fullmatch(path)) is not None:
            given = match.groupdict()
            if "session" in given:
                given["session"] = f"{given['name']}/{given['session']}"
            return template, given
    return None


def _pattern(template: str) -> re.Pattern[str]:
    inside = ".+" if template.startswith("/static/") else "[^/]+"
    parts = re.split(r"\{(\w+)\}", template)
    return re.compile("".join(f"(?P<{part}>{inside})" if at % 2 else re.escape(part) for at, part in enumerate(parts)))


# Those without gaps first: `/v1/webhooks/secret` is no webhook.
_PATTERNS = [(_pattern(template), template) for template in sorted(TABLE, key=lambda one: one.count("{"))]
