"""Errors of the HTTP interface: RFC 9457 problem documents, and never a traceback."""

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from ..policies import FieldError
from ..store.errors import StoreError

CONTENT_TYPE = "application/problem+json"
_KEPT_HEADERS = ("Allow", "Location")
_log = logging.getLogger("gorewatch.http")


class Problem(Exception):
    """An answer that is an error. `code` is for programs, `errors` name the fields at fault."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        code: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def response(self) -> web.Response:
        body: dict[str, object] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.code is not None:
            body["code"] = self.code
        if self.errors:
            body["errors"] = [{"field": error.field, "message": error.message} for error in self.errors]
        # As bytes: given text, aiohttp would name a charset, which JSON does not have.
        data = json.dumps(body).encode()
        return web.Response(status=self.status, body=data, content_type=CONTENT_TYPE, headers=self.headers)


def unprocessable(errors: Sequence[FieldError]) -> Problem:
    """Values that cannot be used, each named."""
    return Problem(422, "; ".join(f"{error.field} {error.message}" for error in errors) + ".", errors=errors)


def store_unavailable() -> Problem:
    """The answer where the store cannot be read or written; the log says why."""
    headers = {"Retry-After": "1"}
    return Problem(503, "The store cannot be used now; try again.", code="store_unavailable", headers=headers)


_DETAILS = {
    404: "There is nothing at this path.",
    405: "This path does not take that method.",
    413: "The body is too large.",
}


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns every error into a problem document; what nobody expected is logged and answered with 500."""
    try:
        return await handler(request)
    except Problem as problem:
        return problem.response()
    except web.HTTPException as error:
        if error.status < 400:
            raise
        kept = {name: error.headers[name] for name in _KEPT_HEADERS if name in error.headers}
        return Problem(error.status, _DETAILS.get(error.status, f"{error.reason}."), headers=kept).response()
    except StoreError as error:
        _log.error("%s %s: %s", request.method, request.path, error)
        return store_unavailable().response()
    except web.RequestPayloadError:
        return Problem(400, "The body is broken, or not encoded as its headers say.").response()
    except Exception:
        _log.exception("%s %s failed", request.method, request.path)
        return Problem(500, "The service failed to answer; its log says why.").response()
