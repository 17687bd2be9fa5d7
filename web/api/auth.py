"""Who may use the service: keys and their scopes, the loopback rule, and `Host` and `Origin` against foreign pages."""

import math
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address

from aiohttp import web
from aiohttp.typedefs import Handler
from yarl import URL

from ..access.access import TooManyUnverified
from ..access.caller import ANYBODY, Caller
from ..access.scopes import Scope
from ..cluster.subjects import PATH
from ..settings import Settings
from ..store.errors import StoreError
from .compat.paths import is_compat
from .parts import basics_of
from .problems import Problem

_PUBLIC = ("/", "/docs", "/openapi.json", "/asyncapi.json", "/healthz", "/readyz")
_PUBLIC_FOLDER = "/static/"
_NEEDED = (
    ("/v1/events", Scope.EVENTS),
    ("/v1/tokens", None),
    ("/v1/webhooks", Scope.EVENTS),
    ("/v1/callbacks", None),
    ("/v1/views/", Scope.STREAMS),
    ("/v1/views", Scope.ADMIN),
    ("/v1/hosts", Scope.ADMIN),
    ("/v1/", Scope.STREAMS),
    ("/whip/", Scope.PUBLISH),
    ("/metrics", Scope.ADMIN),
)
"""Which scope a path asks for, the first that it begins with counting."""
_CALLER = web.RequestKey("caller", Caller)
_ANY_HOST = ("/healthz", PATH)
_QUERY_MAY_AUTHORIZE = "/v1/events"
_CORS_METHODS = "GET, POST, PATCH, DELETE, OPTIONS"
_CORS_HEADERS = "Authorization, Content-Type, If-Match"
_CORS_EXPOSED = (
    "Location, ETag, Link, Accept-Patch, Accept-Post, Retry-After, X-Request-Id, X-View-Id, Gorewatch-Missing"
)


@web.middleware
async def same_site(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses requests that a page on some other site may have made a visitor's browser send.

    `Host` must be an address, `localhost` or a configured name, so that no foreign name can be pointed here; `Origin`,
    if sent, must be our own or a configured one, which then gets the answers that browsers ask for across sites. The
    paths of `/1.0` have rules of their own.
    """
    if request.path in _ANY_HOST or is_compat(request.path):
        return await handler(request)
    settings = basics_of(request).settings
    host = request.headers.get("Host", "")
    if not host_allowed(host, (*settings.public_hosts, settings.host)):
        raise Problem(403, "This Host is not one of ours; add its name to public_hosts.", code="host_refused")
    origin = request.headers.get("Origin")
    if origin is None or _same_host(origin, host):
        return await handler(request)
    if origin not in settings.allowed_origins:
        raise Problem(403, "Pages of this Origin may not use the service; see allowed_origins.", code="origin_refused")
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        headers = {"Access-Control-Allow-Methods": _CORS_METHODS, "Access-Control-Allow-Headers": _CORS_HEADERS}
        return web.Response(status=204, headers=headers)
    return await handler(request)


@web.middleware
async def credentials(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Lets in who may use the path, everywhere but on the pages and the probes, and on `/metrics` for this machine.

    Web nodes show a ticket of theirs where they ask.

    What begins with `/1.0` asks for itself, in its own words: see `caller_of_pair`.
    """
    path = request.path
    public = path in _PUBLIC or path.startswith(_PUBLIC_FOLDER) or is_compat(path)
    if public or (path == "/metrics" and from_loopback(request)):
        return await handler(request)
    if path == PATH:
        if not basics_of(request).access.is_ticket(_given_token(request)):
            raise _not_let_in("Only web nodes with the same store are answered here.")
        return await handler(request)
    caller = await _identify(request)
    if wait_s := basics_of(request).access.wait_s(caller):
        headers = {"Retry-After": str(math.ceil(wait_s))}
        raise Problem(429, "This key makes more requests than its rate allows.", code="rate_exceeded", headers=headers)
    scope = next((scope for prefix, scope in _NEEDED if path.startswith(prefix)), None)
    if scope is not None and not caller.may(scope):
        raise lacks(scope)
    request[_CALLER] = caller
    return await handler(request)


def same_site_allowed(request: web.Request, settings: Settings) -> bool:
    """Whether `same_site` would let a request pass."""
    host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
    ours = host_allowed(host, (*settings.public_hosts, settings.host))
    return ours and (origin is None or _same_host(origin, host) or origin in settings.allowed_origins)


def caller_of(request: web.Request) -> Caller:
    """Who was let in."""
    return request[_CALLER]


async def caller_of_pair(request: web.Request, user: str, secret: str) -> Caller | None:
    """Whose `api_user` and `api_secret` these are, None if they are nobody's; anybody's here while no key was made.

    Scope and rate are still to be asked for: `Caller.may` and `Access.wait_s`. Raises
    `web.access.access.TooManyUnverified` and `web.store.errors.StoreError`.
    """
    access = basics_of(request).access
    if access.open:
        caller = ANYBODY if from_loopback(request) else None
    else:
        caller = await access.verify(user, secret)
    if caller is not None:
        request[_CALLER] = caller
    return caller


def lacks(scope: Scope) -> Problem:
    """The answer to who is known, but may not do this."""
    return Problem(403, f"These credentials lack the scope {scope.value}.", code="scope_missing")


def for_another_stream() -> Problem:
    """The answer to a token that is bound to one stream, used for another."""
    return Problem(403, "This token is for another stream.", code="scope_missing")


async def add_cors_headers(request: web.Request, response: web.StreamResponse) -> None:
    """For answers to a configured foreign origin; a signal of the application."""
    origin = request.headers.get("Origin")
    if origin is not None and origin in basics_of(request).settings.allowed_origins:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = _CORS_EXPOSED
        response.headers["Vary"] = "Origin"


def from_loopback(request: web.Request) -> bool:
    """Whether the peer is a process of this machine."""
    return is_loopback(request.remote or "")


def is_loopback(host: str) -> bool:
    """Whether an address or name means this machine alone."""
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return host == "localhost"
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback


def host_allowed(header: str, names: Iterable[str]) -> bool:
    """Whether a `Host` header is an IP address, `localhost`, or one of our names, with any port."""
    try:
        host = (URL(f"http://{header}").host or "").lower()
    except ValueError:
        return False
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return host == "localhost" or host in {name.lower() for name in names}
    return True


def _same_host(origin: str, host: str) -> bool:
    """Compared without scheme, since a proxy in front may speak TLS for us."""
    for scheme, port in (("http://", ":80"), ("https://", ":443")):
        if origin.startswith(scheme):
            return origin.removeprefix(scheme).removesuffix(port).lower() == host.removesuffix(port).lower()
    return False


async def _identify(request: web.Request) -> Caller:
    access = basics_of(request).access
    if access.open:
        if not from_loopback(request):
            raise Problem(403, "No key was made yet, so only this machine is served.", code="loopback_only")
        return ANYBODY
    try:
        caller = await access.bearer(_given_token(request))
    except (TooManyUnverified, StoreError) as error:
        detail = "These credentials cannot be looked at now; try again."
        raise Problem(503, detail, code="overloaded", headers={"Retry-After": "1"}) from error
    if caller is None:
        raise _not_let_in("Valid credentials are needed: Authorization: Bearer API_USER:API_SECRET.")
    return caller


def _not_let_in(detail: str) -> Problem:
    return Problem(401, detail, code="token_invalid", headers={"WWW-Authenticate": 'Bearer realm="gorewatch"'})


def _given_token(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return request.query.get("token", "") if request.path == _QUERY_MAY_AUTHORIZE else ""
