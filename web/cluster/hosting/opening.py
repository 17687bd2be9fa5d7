"""Opens what watches streams, as the settings say; no logic."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from importlib.util import find_spec

from stream.setup import WorkerLimits

from ...around import Engine
from ...settings import ConfigError, Settings
from .hosts import HostedEngine, Hosts
from .parts import HostOptions


@asynccontextmanager
async def open_engine(
    settings: Settings, here: Engine, limits: WorkerLimits
) -> AsyncIterator[tuple[Engine, Hosts | None]]:
    """What watches streams, and the hosts that it has; `here` and None where that is this service alone.

    Raises `ConfigError` where Ray is not installed, or no cluster answers.
    """
    if settings.engine == "local":
        yield here, None
        return
    if find_spec("ray") is None:
        raise ConfigError("Hosts on Ray need it: pip install 'gorewatch[cluster]'.")
    from .on_ray import ray_hosts  # it needs Ray

    options = HostOptions(
        model=settings.model,
        provider=settings.provider,
        variant=settings.variant,
        limits=limits,
        ice=settings.ice,
        release=version("gorewatch"),
        cpus=1.0,
    )
    opening = ray_hosts(settings.ray_address, options, region=settings.region, autoscale=settings.autoscale)
    async with opening as hosts:
        yield HostedEngine(here, hosts), hosts
