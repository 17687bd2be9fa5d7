"""What hosts are told of the service's settings."""

import pickle
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from stream.ice import IceOptions
from stream.pool import WorkerPool
from stream.setup import WorkerLimits
from tests.servers.ports import free_port
from tests.web.cluster.hosting.making import some_hosts
from tests.web.fakes import FakePool, FakeScorer
from web.cluster.hosting import on_ray
from web.cluster.hosting.hosts import Hosts
from web.cluster.hosting.opening import open_engine
from web.cluster.hosting.parts import HostOptions, Meter, OtherRelease, open_host
from web.engine import LocalEngine
from web.settings import ConfigError, Settings


async def test_hosts_are_told_nothing_of_the_store_the_bus_and_the_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[HostOptions] = []

    @asynccontextmanager
    async def a_cluster(address: str, options: HostOptions, *, region: str, autoscale: bool) -> AsyncIterator[Hosts]:
        told.append(options)
        async with some_hosts() as (hosts, _):
            yield hosts

    monkeypatch.setattr(on_ray, "ray_hosts", a_cluster)
    settings = Settings(
        engine="ray",
        store="postgresql://gorewatch:p0s7gre5@127.0.0.1/gorewatch",
        bus="nats://gorewatch:n4t5@127.0.0.1:4222",
        signing_secret=SecretStr("s1gn5s1gn5s1gn5s1gn5"),
        provider="cpu",
    )
    async with open_engine(settings, LocalEngine(FakePool(), FakeScorer()), WorkerLimits()) as (_, hosts):
        assert hosts is not None
    (options,) = told
    assert options.provider == "cpu"
    sent = pickle.dumps(options)
    for secret in (b"p0s7gre5", b"n4t5", b"s1gn5"):
        assert secret not in sent


async def test_an_address_where_no_cluster_is_is_told() -> None:
    settings = Settings(engine="ray", ray_address=f"127.0.0.1:{free_port()}")
    with pytest.raises(ConfigError, match="No Ray cluster answers at 127"):
        async with open_engine(settings, LocalEngine(FakePool(), FakeScorer()), WorkerLimits()):
            pass


async def test_a_host_of_another_release_does_not_come_up() -> None:
    options = HostOptions(
        model=None,
        provider="cpu",
        variant="auto",
        limits=WorkerLimits(),
        ice=IceOptions(),
        release="0.0.1",
        cpus=1.0,
    )
    with pytest.raises(OtherRelease, match=r"the service 0\.0\.1: install the same"):
        async with open_host(options):
            pass


async def test_a_host_that_gives_samples_up_for_want_of_a_scorer_counts_as_busy() -> None:
    strained = False
    async with WorkerPool(1, width_px=4, height_px=4) as pool:
        meter = Meter(pool, cpus=1.0, strained=lambda: strained)
        assert meter.load(3).busy < 1.0
        strained = True
        assert (meter.load(3).busy, meter.load(3).streams) == (1.0, 3)
