"""The OpenAPI 3.1 document of a table of operations."""

from collections.abc import Iterable, Iterator, Sequence

from .compat_shapes import JobObject
from .components import Components, Json
from .operation import JSON, Answer, Content, Operation, Parameter
from .webhook_shapes import CloudEvent

_SECURITY_SCHEMES: Json = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "`API_USER:API_SECRET` of a key, or a short-lived token.",
    },
    "token": {"type": "apiKey", "in": "query", "name": "token", "description": "The same, where no header can be set."},
    "api_user": {"type": "apiKey", "in": "query", "name": "api_user", "description": "Of a key; in the body, too."},
    "api_secret": {"type": "apiKey", "in": "query", "name": "api_secret", "description": "Of a key; in the body, too."},
}
EVENT = "application/cloudevents+json"
_LICENCE = {"name": "Apache 2.0", "identifier": "Apache-2.0"}
_TEXT = (
    "Watches live video and says when it turns graphic. `/1.0` is the Sightengine-compatible API; `/v1` has streams, "
    "incidents and events; `/whip` takes WebRTC. While no key was made, this machine alone is served and any "
    "credentials are accepted."
)


def document(operations: Sequence[Operation], *, version: str) -> Json:
    """Raises ValueError where two operations are of one path and method, or have one id."""
    types = [content.type for content in _contents(operations) if content.type is not None]
    schemas = Components([*types, JobObject, CloudEvent])
    paths: Json = {}
    ids: set[str] = set()
    for operation in operations:
        methods = paths.setdefault(operation.path, {})
        if operation.method.lower() in methods or operation.id in ids:
            raise ValueError(f"{operation.method} {operation.path} ({operation.id}) is described twice")
        ids.add(operation.id)
        methods[operation.method.lower()] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "gorewatch", "version": version, "description": _TEXT, "license": _LICENCE},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in operations)],
        "paths": paths,
        "webhooks": {"job": {"post": _callback(schemas)}, "event": {"post": _webhook(schemas)}},
        "components": {"schemas": schemas.all, "securitySchemes": _SECURITY_SCHEMES},
    }


def _contents(operations: Iterable[Operation]) -> Iterator[Content]:
    for operation in operations:
        yield from operation.bodies
        yield from (answer.content for answer in operation.answers.values() if answer.content is not None)


def _operation(operation: Operation, schemas: Components) -> Json:
    described: Json = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.text,
        "parameters": [_parameter(parameter) for parameter in operation.parameters],
        "responses": {str(status): _answer(answer, schemas) for status, answer in operation.answers.items()},
        "security": [{name: [] for name in together} for together in operation.security],
    }
    if operation.bodies:
        described["requestBody"] = {
            "required": operation.body_required,
            "content": {body.media_type: _content(body, schemas) for body in operation.bodies},
        }
    return {key: value for key, value in described.items() if value not in ("", [])} | {
        "security": described["security"]
    }


def _parameter(parameter: Parameter) -> Json:
    schema = dict(parameter.schema)
    return {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.required,
        "description": parameter.text,
        "schema": {"type": "array", "items": schema} if parameter.repeated else schema,
    }


def _answer(answer: Answer, schemas: Components) -> Json:
    described: Json = {"description": answer.text}
    if answer.headers:
        described["headers"] = {
            name: {"description": text, "required": True, "schema": {"type": "string"}}
            for name, text in answer.headers.items()
        }
    if answer.content is not None:
        described["content"] = {answer.content.media_type: _content(answer.content, schemas)}
    return described


def _content(content: Content, schemas: Components) -> Json:
    schema = dict(content.schema) if content.type is None else schemas.of(content.type)
    described: Json = {"schema": schema} if schema else {}
    return described if content.example is None else {**described, "example": content.example}


def _callback(schemas: Components) -> Json:
    return {
        "operationId": "jobCallback",
        "tags": ["Sightengine: jobs"],
        "summary": "What is posted to `callback_url`",
        "description": "With a signing secret it has the header `Sightengine-Signature`.",
        "requestBody": {"required": True, "content": {JSON: {"schema": schemas.of(JobObject)}}},
        "responses": {"2XX": {"description": "It was taken. After anything else it is sent again."}},
        "security": [],
    }


def _webhook(schemas: Components) -> Json:
    return {
        "operationId": "eventWebhook",
        "tags": ["Webhooks"],
        "summary": "What is posted to webhooks and to the `callback_url` of streams",
        "description": "With the three headers of Standard Webhooks, `webhook-signature` among them.",
        "requestBody": {"required": True, "content": {EVENT: {"schema": schemas.of(CloudEvent)}}},
        "responses": {
            "2XX": {"description": "It was taken. After anything else it is sent again."},
            "410": {"description": "No more events are wanted: the webhook is disabled."},
        },
        "security": [],
    }
