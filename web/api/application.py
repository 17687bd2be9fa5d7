"""The HTTP interface as one application: every group of paths, and what all requests go through."""

from aiohttp import web

from . import (
    auth,
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
    problems,
    replay,
    report,
    requests,
    reviews,
    series,
    settled,
    streams,
    thumbnail,
    tokens,
    views,
    webhooks,
    whip,
)
from .compat.middleware import compat
from .compat.parts import COMPAT, Compat
from .compat.routes import add_routes as add_compat_routes
from .openapi import routes as openapi
from .parts import BASICS, PARTS, Parts

_MOST_BODY_BYTES = 256 * 1024
RESOURCES = (
    streams,
    media,
    kept_media,
    replay,
    report,
    incidents,
    reviews,
    thumbnail,
    heat,
    views,
    preview,
    feed,
    webhooks,
    callbacks,
    whip,
    tokens,
    hosts,
    nodes,
    health,
    openapi,
)


def build_app(parts: Parts, behind_compat: Compat) -> web.Application:
    """The HTTP interface in front of the parts."""
    app = web.Application(
        middlewares=[requests.requests, problems.problems, auth.same_site, auth.credentials, compat, settled.settled],
        client_max_size=_MOST_BODY_BYTES,
    )
    app[BASICS] = app[PARTS] = parts
    app[COMPAT] = behind_compat
    app[report.TURNS] = report.new_turns()
    app[series.TURNS] = series.new_turns()
    add_compat_routes(app)
    for resource in RESOURCES:
        app.router.add_routes(resource.routes)
    pages.add_pages(app)
    app.on_response_prepare.append(auth.add_cors_headers)
    return app
