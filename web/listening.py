"""Where a service listens, and to whom it may be open."""

import logging
import os
from ipaddress import ip_address

from aiohttp import web

from .access.access import Access
from .api.auth import is_loopback
from .configuration import unknown_variables
from .settings import ConfigError, Settings

_log = logging.getLogger("gorewatch.service")


def check_exposure(settings: Settings, access: Access) -> None:
    """Raise `ConfigError` rather than serve other machines without a key; say what is accepted."""
    for name in unknown_variables(os.environ):
        _log.warning("the environment has %s, which is no setting of this version; it is ignored", name)
    if not (access.has_keys or is_loopback(settings.host)):
        raise ConfigError(
            f"Without a key the service listens on loopback alone, not on {settings.host}: "
            "make one with `gorewatch keys create`."
        )
    if access.open:
        _log.warning("no key was made yet: any credentials are accepted, from this machine alone")


async def listen(runner: web.AppRunner, settings: Settings) -> web.TCPSite:
    """Listen as the settings say. Raises `ConfigError` where that cannot be."""
    site = web.TCPSite(runner, settings.host, settings.port)
    try:
        await site.start()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(
            f"Cannot listen on {settings.host} port {settings.port}: {reason}. Choose another with --host and --port."
        ) from error
    return site


def base_url(runner: web.AppRunner) -> str:
    """An address that works on this machine, whatever was listened on."""
    host, port = runner.addresses[0][:2]
    if (address := ip_address(host)).is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
