"""The answers to what never reaches a handler: what is no HTTP, and HTTP that cannot be read.

Nothing of what the parser says is told, nor that there is one.
"""

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

from .compat.calls import failed
from .compat.errors import HTTP_BROKEN, HTTP_TOO_LONG, OUR_FAULT, OVERLOADED, UNEXPECTED, Fault
from .compat.paths import is_compat
from .pages import HEADERS
from .problems import Problem
from .requests import HEADER, identified


def unreadable(path: str, error: BaseException) -> web.Response:
    """The answer to what could not be read. `path` as it stood in the request line, empty where there was none."""
    if isinstance(error, LineTooLong):
        return _answer(path, HTTP_TOO_LONG, "too_long")
    return _answer(path, HTTP_BROKEN, "http_broken")


def unexpected(path: str) -> web.Response:
    """The answer to an `Expect` of something else than `100-continue`."""
    return _answer(path, UNEXPECTED, "expectation_unknown")


def fault_of_ours(path: str) -> web.Response:
    """The answer where something failed outside of handlers. Whoever asks for it writes the log."""
    return _answer(path, OUR_FAULT, None)


def no_answer(path: str) -> web.Response:
    """The answer of a node that forwards, where the service that watches streams gives none."""
    return _answer(path, OVERLOADED.saying("The service that watches streams does not answer"), "upstream_unavailable")


def _answer(path: str, fault: Fault, code: str | None) -> web.Response:
    """In the form of the half of the interface that the path is of, with an id like any other."""
    with identified() as given:
        if is_compat(path):
            response = failed(fault)
            response.headers["Access-Control-Allow-Origin"] = "*"
        else:
            response = Problem(fault.status, f"{fault.message}.", code=code).response()
    response.headers.update({**HEADERS, HEADER: given})
    return response
