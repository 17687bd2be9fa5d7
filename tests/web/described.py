"""Holds answers of the service against its OpenAPI document, which must not leave out a single key."""

import json
import re
from functools import cache
from types import SimpleNamespace
from typing import Any

import aiohttp
from jsonschema_rs import Draft202012Validator

from web.api.compat.paths import is_compat
from web.api.openapi.routes import described

_OF_NO_INTEREST = {101, 206, 304}
"""Of the protocol, not of the resource."""


def check_answer(method: str, path: str, status: int, content_type: str, body: bytes) -> None:
    """Fail for an answer that is not described, or otherwise than it is."""
    if method == "HEAD" or status in _OF_NO_INTEREST:
        return
    where = f"{method} {path} -> {status} {content_type}"
    operation = _operation(method, path.removeprefix("/") if path.startswith("//") else path)
    if operation is None:
        # A preflight, or something that is not there.
        assert status >= 400 or method == "OPTIONS", where
        schema = {"$ref": f"#/components/schemas/{'Failed' if is_compat(path) else 'ProblemDocument'}"}
    else:
        answers = _document()["paths"][operation[0]][operation[1]]["responses"]
        assert str(status) in answers, f"{where} is not described"
        contents = answers[str(status)].get("content", {})
        if not contents:
            assert not body, f"{where} has a body, which is not described"
            return
        assert content_type in contents or "*/*" in contents, f"{where} is described as {', '.join(contents)}"
        schema = contents.get(content_type, {}).get("schema", {})
    if content_type.endswith("json"):
        found = _validator(json.dumps(schema)).iter_errors(json.loads(body))
        errors = [f"{list(error.instance_path)}: {error.message}" for error in found]
        assert not errors, f"{where} is not as described: {errors}\n{body[:2000]!r}"


def tracing() -> aiohttp.TraceConfig:
    """For a client session all of whose answers are to be checked."""
    config = aiohttp.TraceConfig()
    config.on_request_end.append(_check)
    return config


async def _check(_: aiohttp.ClientSession, __: SimpleNamespace, params: aiohttp.TraceRequestEndParams) -> None:
    response = params.response
    if response.status not in _OF_NO_INTEREST:
        body = await response.read()
        check_answer(params.method, response.url.path, response.status, response.content_type, body)


def _operation(method: str, path: str) -> tuple[str, str] | None:
    """Path and method as the document has them."""
    for pattern, template in _patterns():
        if pattern.fullmatch(path) and method.lower() in _document()["paths"][template]:
            return template, method.lower()
    return None


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Paths without parameters first."""
    templates = sorted(_document()["paths"], key=lambda template: template.count("{"))
    return [(re.compile(_pattern(template)), template) for template in templates]


def _pattern(template: str) -> str:
    parts = re.split(r"\{[^}]+\}", template)
    inside = ".+" if template.startswith("/static/") else "[^/]+"
    return inside.join(re.escape(part) for part in parts)


@cache
def _document() -> dict[str, Any]:
    whole = closed(described())
    assert isinstance(whole, dict)
    return whole


@cache
def _validator(schema: str) -> Draft202012Validator:
    whole = {**json.loads(schema), "components": _document()["components"]}
    return Draft202012Validator(whole, validate_formats=True)


def closed(node: Any) -> Any:
    """The same with no other properties than those named: a client may meet more, but none of this version's."""
    if isinstance(node, dict):
        shut = {key: closed(value) for key, value in node.items()}
        if node.get("type") == "object" and "properties" in node:
            shut.setdefault("additionalProperties", False)
        return shut
    return [closed(item) for item in node] if isinstance(node, list | tuple) else node
