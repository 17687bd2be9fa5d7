"""Everything under `/1.0` is answered in JSON and to pages of any origin, whatever goes wrong."""

import errno
import logging

from aiohttp import web
from aiohttp.typedefs import Handler

from stream.errors import SourceError

from ...store.errors import StoreError
from ..auth import from_loopback, same_site_allowed
from ..parts import parts_of
from .calls import failed
from .errors import BODY_MALFORMED, FOREIGN_PAGE, NO_METHOD, NO_PATH, OUR_FAULT, OVERLOADED, Fault, Refused, fault_of
from .paths import is_compat

_METHODS = "GET, POST, PUT, DELETE, OPTIONS"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_log = logging.getLogger("gorewatch.http")


@web.middleware
async def compat(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers for `/1.0` alone; the middlewares of the other paths leave it to this one."""
    if not is_compat(request.path):
        return await handler(request)
    response: web.StreamResponse
    if request.method == "OPTIONS":
        response = web.Response(status=204, headers={"Access-Control-Max-Age": "86400"})
    else:
        response = await _answered(request, handler)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Methods"] = _METHODS
    response.headers["Access-Control-Allow-Headers"] = request.headers.get("Access-Control-Request-Headers", "*")
    response.headers["Access-Control-Expose-Headers"] = "Retry-After, X-Request-Id"
    return response


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        if not _may_call(request):
            return failed(FOREIGN_PAGE)
        return await handler(request)
    except Refused as refusal:
        return failed(refusal.fault)
    except SourceError as error:
        return failed(fault_of(error.code))
    except web.HTTPException as error:
        response = failed(_of_http(error))
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except StoreError as error:
        _log.error("%s", error)
        return failed(OVERLOADED)
    except OSError as error:
        if error.errno not in _FULL:
            return _unforeseen(request)
        _log.error("a request cannot be served, for there is no room left on the disk")
        return failed(OVERLOADED)
    except Exception:
        return _unforeseen(request)


def _unforeseen(request: web.Request) -> web.Response:
    """To be called while the exception is handled."""
    _log.exception("%s %s failed", request.method, request.path)
    return failed(OUR_FAULT)


def _may_call(request: web.Request) -> bool:
    """Whether a call can be its sender's own.

    Credentials are parameters of every call, which no browser adds by itself: where they are checked, no page can use
    those of a visitor, and any origin and any name for this host will do. While no key was made nothing but the
    place of the caller protects the service: then only this machine is served, under a name of its own (so that no
    foreign name can be pointed here), and no page of another site that is not configured, though it may read why.
    """
    parts = parts_of(request)
    return not parts.access.open or (from_loopback(request) and same_site_allowed(request, parts.settings))


def _of_http(error: web.HTTPException) -> Fault:
    match error.status:
        case 404:
            return NO_PATH
        case 405:
            return NO_METHOD
    return OUR_FAULT if error.status >= 500 else BODY_MALFORMED
