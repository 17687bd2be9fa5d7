"""The document describes what the service has: every path and method, and nothing else."""

from itertools import chain

import pytest
from aiohttp import web
from jsonschema_rs import Draft202012Validator

from inference.policy import RANGES
from tests.web.described import check_answer
from tests.web.serving import serving
from web.api import (
    callbacks,
    feed,
    health,
    heat,
    hosts,
    incidents,
    kept_media,
    media,
    nodes,
    pages,
    preview,
    replay,
    report,
    reviews,
    streams,
    thumbnail,
    tokens,
    views,
    webhooks,
    whip,
)
from web.api.compat.routes import add_routes
from web.api.openapi.document import document
from web.api.openapi.operation import Operation, answer
from web.api.openapi.routes import OPERATIONS, described, routes
from web.delivery.cloudevents import TYPES

_RESOURCES = (
    *(streams, media, kept_media, replay, report, incidents, reviews, thumbnail, heat, whip, feed),
    *(preview, views, tokens, callbacks, webhooks, hosts, nodes, health),
)


def _operation(**changed: str) -> Operation:
    values = {"method": "GET", "path": "/a", "id": "a", "tag": "t", "summary": "s"} | changed
    return Operation(**values, answers={200: answer("It.", dict[str, int])})  # type: ignore[arg-type]


def test_every_route_is_described_and_nothing_else_is() -> None:
    app = web.Application()
    add_routes(app)
    for table in (*(resource.routes for resource in _RESOURCES), routes):
        app.router.add_routes(table)
    pages.add_pages(app)
    have = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    # The doubled slash is for one client that cannot help it.
    have = {(method, path) for method, path in have if not path.startswith("//")}
    assert have == {(operation.method, operation.path) for operation in OPERATIONS}


def test_every_schema_is_one() -> None:
    components = described()["components"]
    for name, schema in components["schemas"].items():
        Draft202012Validator({**schema, "components": components})
        assert schema, f"{name} says nothing"


def test_the_policy_is_described_with_its_ranges_where_it_is_given_and_where_it_is_told() -> None:
    schemas = described()["components"]["schemas"]
    given = next(one for one in schemas["NewStream"]["properties"]["policy"]["anyOf"] if one["type"] == "object")
    for told in (given, schemas["Policy"]):
        for name, (low, high, included) in RANGES.items():
            assert told["properties"][name]["minimum" if included else "exclusiveMinimum"] == low
            assert told["properties"][name]["maximum"] == high
    assert given["additionalProperties"] is False
    assert "required" not in given


def test_a_webhook_may_ask_for_every_type_of_event() -> None:
    types = described()["components"]["schemas"]["NewWebhook"]["properties"]["types"]["anyOf"][0]
    assert types["items"]["enum"] == list(TYPES)


def test_security_is_of_schemes_that_are_there() -> None:
    schemes = described()["components"]["securitySchemes"]
    operations = chain.from_iterable(methods.values() for methods in described()["paths"].values())
    assert {name for operation in operations for way in operation["security"] for name in way} == set(schemes)


@pytest.mark.parametrize("twice", [{"id": "b"}, {"path": "/b"}])
def test_what_is_described_twice_is_refused(twice: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="described twice"):
        document([_operation(), _operation(**twice)], version="1")


@pytest.mark.parametrize(
    ("status", "content_type", "body"),
    [
        (200, "application/json", b'{"streams": [], "more": 1}'),
        (200, "application/json", b'{"streams": [{"id": "str_1"}]}'),
        (200, "text/plain", b"streams"),
        (404, "application/problem+json", b'{"type": "about:blank", "title": "", "status": 404, "detail": ""}'),
    ],
)
def test_the_tests_notice_an_answer_that_is_not_as_described(status: int, content_type: str, body: bytes) -> None:
    check_answer("GET", "/v1/streams", 200, "application/json", b'{"streams": []}')
    with pytest.raises(AssertionError, match="GET /v1/streams"):
        check_answer("GET", "/v1/streams", status, content_type, body)


async def test_document_and_page_are_for_everybody_but_not_under_a_foreign_name() -> None:
    async with serving(keyed=True) as served:
        for path, kind in (("/openapi.json", "application/json"), ("/docs", "text/html")):
            async with served.http.get(path, headers={"Authorization": ""}) as response:
                assert response.status == 200
                assert response.content_type == kind
                assert "default-src 'self'" in response.headers["Content-Security-Policy"]
            async with served.http.get(path, headers={"Host": "other.example"}) as response:
                assert response.status == 403
        assert await served.get("/openapi.json") == described()
