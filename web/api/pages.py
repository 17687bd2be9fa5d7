"""The viewer page and its files, and the headers that confine what pages of ours may do."""

from pathlib import Path

from aiohttp import web

_STATIC = Path(__file__).resolve().parent.parent / "static"
_CSP = "Content-Security-Policy"
HEADERS = {
    _CSP: (
        "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' blob: data:; media-src blob:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Server": "gorewatch",
}
"""Of every answer, those that no handler gave included."""


def page(name: str) -> web.FileResponse:
    """One of the pages."""
    return web.FileResponse(_STATIC / name, headers={"Cache-Control": "no-cache"})


async def index(_: web.Request) -> web.FileResponse:
    return page("index.html")


async def asset(request: web.Request) -> web.FileResponse:
    """A file of the page. Kept by browsers, which ask each time whether it has changed (by its `ETag`)."""
    try:
        path = (_STATIC / request.match_info["path"]).resolve()
        found = path.is_relative_to(_STATIC) and path.is_file()
    except (OSError, ValueError):  # too long for a path, or with a NUL in it
        found = False
    if not found:
        raise web.HTTPNotFound
    return web.FileResponse(path, headers={"Cache-Control": "no-cache"})


def add_pages(app: web.Application) -> None:
    app.router.add_get("/", index)
    app.router.add_get("/static/{path:.+}", asset)
    app.on_response_prepare.append(_confine)


async def _confine(_: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        # A page may confine itself further.
        if name != _CSP or name not in response.headers:
            response.headers[name] = value
