"""The AsyncAPI 3.0 document of `/v1/events`."""

from collections.abc import Iterable, Mapping

from ..openapi.components import Components, Json
from ..openapi.operation import Parameter
from ..openapi.streams import SUBSCRIBE
from . import shapes
from .specimens import examples

MESSAGES: Mapping[str, type] = {
    "media.started": shapes.MediaStarted,
    "gore.prob": shapes.GoreProb,
    "gore.incident": shapes.GoreIncident,
    "media.stalled": shapes.MediaStalled,
    "media.resumed": shapes.MediaResumed,
    "media.finished": shapes.MediaFinished,
    "media.failed": shapes.MediaFailed,
    "gap": shapes.Gap,
    "control.filter": shapes.ControlFilter,
    "store.failed": shapes.StoreFailed,
    "store.recovered": shapes.StoreRecovered,
}
"""What the feed sends, by the type of event."""

CLOSE_CODES: Mapping[int, str] = {
    1001: "The service stops. Everything that was owed has been sent.",
    1002: "The client broke the protocol.",
    1003: "The client sent binary.",
    1007: "The client sent text that is no `filter`.",
    1008: "The key was revoked, the token that opened the socket has ended, or too many filters wait for answers.",
    1009: "The client sent too large a message.",
    1013: "Older events cannot be read now. The reason is the id of the last one sent: resume after it, later.",
    4008: "Events were read too slowly. The reason is the id of the last one sent: resume after it.",
}

_TEXT = (
    "What the detector sees, as it happens: one CloudEvents 1.0 JSON object a text frame. Ids grow over the whole "
    "service; connect again with the id of the last event that was handled as `since`, and everything after it "
    "follows. Later versions may have more types: leave alone what you do not know, and keep its id all the same."
)
_CHANNEL = "The socket, subprotocol `cloudevents.json`. The service sends a ping every 30 s. It closes with: {codes}"
_HOST = "Host and port of the service."
_BEARER = "`API_USER:API_SECRET` of a key with the scope `events`, or a short-lived token."


def document(*, version: str) -> Json:
    """The whole document. It holds nothing of a configuration."""
    all_ = {**MESSAGES, "filter": shapes.Filter}
    schemas = Components(all_.values())
    given = examples()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "gorewatch",
            "version": version,
            "description": _TEXT,
            "license": {"name": "Apache 2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {"plain": _server("ws"), "encrypted": _server("wss")},
        "channels": {"events": _channel()},
        "operations": {"sendEvents": _sending(), "changeFilter": _changing()},
        "components": {
            "messages": {name: _message(name, type_, schemas, given[name]) for name, type_ in all_.items()},
            "schemas": schemas.all,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": _BEARER},
                "token": {
                    "type": "httpApiKey",
                    "in": "query",
                    "name": "token",
                    "description": "The same, for browsers, which can set no header here.",
                },
            },
        },
    }


def _server(protocol: str) -> Json:
    return {
        "host": "{host}",
        "protocol": protocol,
        "variables": {"host": {"default": "127.0.0.1:8080", "description": _HOST}},
        "security": [_ref("components", "securitySchemes", way) for way in ("bearer", "token")],
    }


def _channel() -> Json:
    codes = " ".join(f"{code}: {text}" for code, text in CLOSE_CODES.items())
    return {
        "address": SUBSCRIBE.path,
        "title": "Events",
        "description": _CHANNEL.format(codes=codes),
        "messages": {name: _ref("components", "messages", name) for name in (*MESSAGES, "filter")},
        "bindings": {"ws": {"method": "GET", "query": _query(SUBSCRIBE.parameters), "bindingVersion": "0.1.0"}},
        "x-close-codes": {str(code): text for code, text in CLOSE_CODES.items()},
    }


def _query(parameters: Iterable[Parameter]) -> Json:
    properties = {}
    for one in parameters:
        if one.where == "query":
            schema = dict(one.schema)
            properties[one.name] = {
                **({"type": "array", "items": schema} if one.repeated else schema),
                "description": one.text,
            }
    return {"type": "object", "properties": properties}


def _sending() -> Json:
    return {
        "action": "send",
        "channel": _ref("channels", "events"),
        "summary": "Events that the subscriber may see and asks for",
        "messages": [_ref("channels", "events", "messages", name) for name in MESSAGES],
    }


def _changing() -> Json:
    return {
        "action": "receive",
        "channel": _ref("channels", "events"),
        "summary": "Other events from now on, on the same connection",
        "messages": [_ref("channels", "events", "messages", "filter")],
        "reply": {
            "channel": _ref("channels", "events"),
            "messages": [_ref("channels", "events", "messages", "control.filter")],
        },
    }


def _message(name: str, type_: type, schemas: Components, example: Mapping[str, object]) -> Json:
    payload = schemas.of(type_)
    return {
        "name": name,
        "summary": " ".join((type_.__doc__ or "").split()),
        "payload": payload,
        "examples": [{"payload": dict(example)}],
    }


def _ref(*path: str) -> Json:
    return {"$ref": "#/" + "/".join(path)}
