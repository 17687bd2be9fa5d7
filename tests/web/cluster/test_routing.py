"""Which of several services a request is for."""

import pytest
from aiohttp import web

from web.api import application, pages
from web.api.compat.routes import add_routes
from web.cluster.routing import ANY, TABLE, Route, Way, made, route
from web.cluster.subjects import Kind, Subject

STREAM, MEDIA, INCIDENT = (f"{prefix}_{'0' * 21}" for prefix in ("str", "med", "inc"))


def test_every_route_of_a_service_is_in_the_table_and_nothing_else_is() -> None:
    app = web.Application()
    add_routes(app)
    for resource in application.RESOURCES:
        app.router.add_routes(resource.routes)
    pages.add_pages(app)
    have = {
        (route.resource.canonical, route.method)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    have = {(path, method) for path, method in have if not path.startswith("//")}
    assert have == {(path, method) for path, rules in TABLE.items() for method in rules}


@pytest.mark.parametrize(
    ("method", "path", "way", "kind", "named"),
    [
        ("GET", f"/v1/streams/{STREAM}", Way.OWNER, Kind.STREAM, STREAM),
        ("HEAD", f"/v1/streams/{STREAM}", Way.OWNER, Kind.STREAM, STREAM),
        ("GET", f"/v1/streams/{STREAM}/preview.jpg", Way.OWNER, Kind.STREAM, STREAM),
        ("GET", f"/v1/streams/{STREAM}/summary", Way.PREFERRED, Kind.STREAM, STREAM),
        ("GET", f"/v1/media/{MEDIA}/scores", Way.PREFERRED, Kind.MEDIA, MEDIA),
        ("POST", f"/v1/media/{MEDIA}/replay", Way.PREFERRED, Kind.MEDIA, MEDIA),
        ("POST", f"/v1/incidents/{INCIDENT}/review", Way.PREFERRED, Kind.INCIDENT, INCIDENT),
        ("GET", f"/v1/incidents/{INCIDENT}/thumbnail.jpg", Way.OWNER, Kind.INCIDENT, INCIDENT),
        ("POST", "/v1/hosts/a/drain", Way.OWNER, Kind.HOST, "a"),
        ("POST", "/whip/cam", Way.PLACED, Kind.NAME, "cam"),
        ("DELETE", "/whip/cam/abc", Way.OWNER, Kind.SESSION, "cam/abc"),
        ("PATCH", "/whip/cam/abc", Way.OWNER, Kind.SESSION, "cam/abc"),
    ],
)
def test_what_one_service_has_goes_to_it(method: str, path: str, way: Way, kind: Kind, named: str) -> None:
    found = route(method, path, {"id": "other", "name": "other", "stream": "other"})
    assert (found.rule.way, found.subject) == (way, Subject(kind, named))


@pytest.mark.parametrize(
    ("method", "path", "way"),
    [
        ("GET", "/", Way.HERE),
        ("GET", "/static/js/main.js", Way.HERE),
        ("POST", "/v1/events", Way.HERE),
        ("GET", "/metrics", Way.HERE),
        ("GET", "/v1/streams", Way.JOINED),
        ("GET", "/v1/hosts", Way.JOINED),
        ("POST", "/v1/streams", Way.PLACED),
        ("POST", "/1.0/video/check.json", Way.PLACED),
        ("POST", "//1.0/video/check.json", Way.PLACED),
        ("POST", "/1.0/check.json", Way.ANY),
        ("GET", "/1.0/video/byid.json", Way.ANY),
        ("PUT", "/1.0/upload/video/secret", Way.ANY),
        ("GET", "/v1/webhooks/secret", Way.ANY),
        ("GET", "/v1/media", Way.PREFERRED),
        ("PATCH", f"/v1/streams/{STREAM}", Way.ANY),
        ("OPTIONS", f"/v1/streams/{STREAM}", Way.ANY),
        ("GET", "/nothing/here", Way.ANY),
        ("GET", "/staticky", Way.ANY),
    ],
)
def test_what_names_nothing_has_no_subject(method: str, path: str, way: Way) -> None:
    found = route(method, path, {})
    assert (found.rule.way, found.subject) == (way, None)


def test_what_nobody_has_goes_to_any() -> None:
    assert route("GET", "/v2/streams", {}) == Route(ANY)


def test_a_list_is_asked_of_who_has_the_stream_or_the_media_that_it_is_of() -> None:
    assert route("GET", "/v1/incidents", {"media": MEDIA}).subject == Subject(Kind.MEDIA, MEDIA)
    both = {"media": MEDIA, "stream": STREAM}
    assert route("GET", "/v1/incidents", both).subject == Subject(Kind.STREAM, STREAM)


def test_what_stands_in_a_body_is_looked_for_there() -> None:
    for method, path in (("POST", "/v1/streams"), ("DELETE", "/1.0/video/byid.json")):
        found = route(method, path, {"name": "cam", "id": MEDIA})
        assert found.subject is None
        assert found.rule.in_body
    rule = route("DELETE", "/1.0/video/byid.json", {}).rule
    assert rule.subject({"id": MEDIA}) == Subject(Kind.JOB, MEDIA)
    assert rule.subject({"id": ""}) is None


def test_a_name_may_look_like_an_id() -> None:
    assert route("POST", f"/whip/{STREAM}", {}).subject == Subject(Kind.NAME, STREAM)


def test_what_is_no_id_is_nobodys() -> None:
    for path in ("/v1/streams/cam", f"/v1/streams/{MEDIA}", f"/v1/incidents/{STREAM}/heat", "/v1/media/x/scores"):
        assert route("GET", path, {}).subject is None


@pytest.mark.parametrize("name", ["n" * 257, "\ud800", "caméra"])
def test_nothing_is_looked_for_that_cannot_be_called_so(name: str) -> None:
    assert route("POST", f"/whip/{name}", {}).subject is None


def test_a_token_may_be_for_a_stream_by_its_id_or_by_its_name() -> None:
    rule = route("POST", "/v1/tokens", {}).rule
    assert rule.subject({"stream": STREAM}) == Subject(Kind.STREAM, STREAM)
    assert rule.subject({"stream": "str_cam"}) == Subject(Kind.NAME, "str_cam")
    assert rule.subject({}) is None


def test_what_was_made_is_known_by_its_location() -> None:
    assert made(f"/v1/streams/{STREAM}") == Subject(Kind.STREAM, STREAM)
    assert made("/whip/cam/abc") == Subject(Kind.SESSION, "cam/abc")
    for other in ("", f"/v1/media/{MEDIA}", "https://elsewhere.example/whip/cam/abc"):
        assert made(other) is None
