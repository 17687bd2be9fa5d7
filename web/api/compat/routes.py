"""The paths of `/1.0`, each with one slash in front and with two: the official Node client sends two."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from .feedback import feedback
from .images import check, check_workflow
from .jobs import by_id, ongoing, stop
from .jobs import check as watch
from .jobs import check_workflow as watch_workflow
from .uploads import create, put
from .videos import check_sync, check_workflow_sync

_GET_POST = ("GET", "POST")
_ENDPOINTS: tuple[tuple[str, tuple[str, ...], Callable[[web.Request], Awaitable[web.Response]]], ...] = (
    ("/1.0/check.json", _GET_POST, check),
    ("/1.0/video/check-sync.json", _GET_POST, check_sync),
    ("/1.0/video/check.json", _GET_POST, watch),
    ("/1.0/check-workflow.json", _GET_POST, check_workflow),
    ("/1.0/video/check-workflow-sync.json", _GET_POST, check_workflow_sync),
    ("/1.0/video/check-workflow.json", _GET_POST, watch_workflow),
    ("/1.0/video/byid.json", ("GET",), by_id),
    ("/1.0/video/byid.json", ("DELETE",), stop),
    ("/1.0/video/ongoing.json", ("GET",), ongoing),
    ("/1.0/upload/create-video.json", ("GET",), create),
    ("/1.0/upload/video/{token}", ("PUT",), put),
    ("/1.0/feedback.json", _GET_POST, feedback),
)


def add_routes(app: web.Application) -> None:
    for path, methods, handler in _ENDPOINTS:
        for method in methods:
            for prefix in ("", "/"):
                app.router.add_route(method, prefix + path, handler)
