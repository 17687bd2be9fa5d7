"""How many hosts there should be, and that more are asked for when it lasts."""

import asyncio

import pytest

from tests.until import until
from tests.web.cluster.hosting.making import Way, some_hosts
from tests.web.cluster.hosting.test_host import opening
from web.background import going_on
from web.cluster.hosting import growing as growing_module
from web.cluster.hosting.growing import Growing
from web.cluster.hosting.placing import Hosted
from web.cluster.hosting.scaling import hosts_wanted, room_wanted


def hosted(*, most: int = 100, streams: int = 0, room: int = 0, up: bool = True, draining: bool = False) -> Hosted:
    return Hosted(
        id="a",
        up=up,
        draining=draining,
        streams=streams,
        stored=0,
        most_streams=most,
        room=room,
        busy=0.0,
        times_lost=0,
        worker_restarts=0,
        scorer="own",
    )


@pytest.mark.parametrize(
    ("streams", "room"), [(0, 10), (1, 10), (90, 10), (91, 11), (180, 20), (900, 100), (18_000, 2_000)]
)
def test_a_tenth_is_to_be_free_and_room_for_ten_in_any_case(streams: int, room: int) -> None:
    assert room_wanted(streams) == room


@pytest.mark.parametrize(
    ("hosts", "wanted"),
    [
        ([], (1,)),
        ([hosted(room=90)], (100,)),
        ([hosted(streams=80, room=10)], (100,)),
        ([hosted(streams=80, room=9)], (100, 100)),
        # It is not what a node was started for that counts, but what it bears.
        ([hosted(most=200, streams=40, room=0)], (200, 200)),
        ([hosted(streams=90, room=0), hosted(streams=10, room=80)], (100, 100)),
        ([hosted(streams=60, room=0)] * 10, (100,) * 12),
        # One that is coming up, or back, is not asked for twice.
        ([hosted(streams=90, room=0), hosted(up=False)], (100, 100)),
        ([hosted(up=False)], (100,)),
        # One that is drained is there, but no room.
        ([hosted(streams=90, draining=True)], (100, 100)),
        ([hosted(most=50, room=40), hosted(most=100, draining=True)], (50, 100)),
        ([hosted(most=50, streams=45, room=0), hosted(most=100, streams=90)], (50, 100, 50)),
    ],
)
def test_as_many_hosts_are_wanted_as_make_the_room(hosts: list[Hosted], wanted: tuple[int, ...]) -> None:
    assert hosts_wanted(hosts) == wanted


class Asked:
    """What stands for Ray's autoscaler."""

    def __init__(self) -> None:
        self.sizes: list[list[int]] = []
        self.fails = False

    def __call__(self, bundles: list[dict[str, int]]) -> None:
        if self.fails:
            raise RuntimeError("Ray is not there")
        self.sizes.append([bundle["streams"] for bundle in bundles])


async def test_nodes_are_asked_for_once_and_only_when_it_lasts() -> None:
    asked = Asked()
    async with some_hosts("a", most_streams=20) as (hosts, _):
        growing = Growing(hosts, asked)
        await until(lambda: hosts.ready)
        for _ in range(3):
            await growing.look()
        assert asked.sizes == [[20]]
        sources = [await hosts.open(opening) for _ in range(11)]
        await growing.look()
        await growing.look()
        assert asked.sizes == [[20]]
        await growing.look()
        await growing.look()
        assert asked.sizes == [[20], [20, 20]]
        hosts.add("b", Way(), most_streams=20)
        await until(lambda: all(host.up for host in hosts))
        await growing.look()
        assert asked.sizes == [[20], [20, 20]]
        await asyncio.gather(*(source.aclose() for source in sources))


async def test_it_asks_again_when_ray_is_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(growing_module, "_LOOK_EVERY_S", 0.01)
    asked = Asked()
    asked.fails = True
    async with some_hosts() as (hosts, _), going_on(Growing(hosts, asked).run, "growing"):
        await until(lambda: "cannot be asked for nodes" in caplog.text)
        asked.fails = False
        await until(lambda: asked.sizes == [[1]])
