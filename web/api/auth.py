"""Who may use the service: the token, the loopback rule, and the `Host` and `Origin` checks against foreign pages."""

import hmac
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address

from aiohttp import web
from aiohttp.typedefs import Handler
from yarl import URL

from ..settings import Settings
from .compat.paths import is_compat
from .parts import parts_of
from .problems import Problem

_PUBLIC = ("/", "/healthz", "/readyz")
_PUBLIC_FOLDER = "/static/"
_ANY_HOST = "/healthz"
_QUERY_MAY_AUTHORIZE = "/v1/events"
_CORS_METHODS = "GET, POST, PATCH, DELETE, OPTIONS"
_CORS_HEADERS = "Authorization, Content-Type, If-Match"
_CORS_EXPOSED = "Location, ETag, Link, Accept-Patch, Accept-Post, Retry-After"


@web.middleware
async def same_site(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses requests that a page on some other site may have made a visitor's browser send.

    `Host` must be an address, `localhost` or a configured name, so that no foreign name can be pointed here; `Origin`,
    if sent, must be our own or a configured one, which then gets the answers that browsers ask for across sites. The
    paths of `/1.0` have rules of their own.
    """
    if request.path == _ANY_HOST or is_compat(request.path):
        return await handler(request)
    settings = parts_of(request).settings
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
    """Asks for the bearer token everywhere but on the page and the probes, and on `/metrics` for this machine."""
    token = parts_of(request).settings.token_text
    public = request.path in _PUBLIC or request.path.startswith(_PUBLIC_FOLDER)
    if public or is_compat(request.path) or (request.path == "/metrics" and from_loopback(request)):
        return await handler(request)
    if token is None:
        if not from_loopback(request):
            raise Problem(403, "No token is configured, so only this machine is served.", code="loopback_only")
    elif not hmac.compare_digest(_given_token(request).encode(errors="surrogatepass"), token.encode()):
        raise Problem(
            401,
            "A valid token is needed: Authorization: Bearer TOKEN.",
            code="token_invalid",
            headers={"WWW-Authenticate": 'Bearer realm="gorewatch"'},
        )
    return await handler(request)


def same_site_allowed(request: web.Request, settings: Settings) -> bool:
    """Whether `same_site` would let a request pass."""
    host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
    ours = host_allowed(host, (*settings.public_hosts, settings.host))
    return ours and (origin is None or _same_host(origin, host) or origin in settings.allowed_origins)


async def add_cors_headers(request: web.Request, response: web.StreamResponse) -> None:
    """For answers to a configured foreign origin; a signal of the application."""
    origin = request.headers.get("Origin")
    if origin is not None and origin in parts_of(request).settings.allowed_origins:
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


def _given_token(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return request.query.get("token", "") if request.path == _QUERY_MAY_AUTHORIZE else ""
