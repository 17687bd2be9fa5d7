"""`/v1/hosts`: the machines of a cluster that watch streams, and taking them out of service."""

from aiohttp import web

from inference.summary import Json

from ..cluster.hosting.hosts import Hosts
from ..cluster.hosting.placing import Hosted
from .parts import parts_of
from .problems import Problem

routes = web.RouteTableDef()


@routes.get("/v1/hosts")
async def listed(request: web.Request) -> web.Response:
    """By their ids; none where the service watches all streams itself."""
    parts = parts_of(request)
    found = [] if parts.hosts is None else [host_json(host) for host in parts.hosts]
    return web.json_response({"engine": parts.settings.engine, "hosts": found})


@routes.post("/v1/hosts/{id}/drain")
async def drain(request: web.Request) -> web.Response:
    """Its live streams are opened elsewhere, and it gets no more. Done again it changes nothing."""
    hosts, host_id = _hosts_with(request)
    moved = hosts.drain(host_id)
    return web.json_response(host_json(_one(hosts, host_id)) | {"moved": moved})


@routes.delete("/v1/hosts/{id}/drain")
async def undrain(request: web.Request) -> web.Response:
    """It gets streams again."""
    hosts, host_id = _hosts_with(request)
    hosts.undrain(host_id)
    return web.json_response(host_json(_one(hosts, host_id)))


def host_json(host: Hosted) -> Json:
    return {
        "id": host.id,
        "up": host.up,
        "draining": host.draining,
        "streams": host.streams,
        "stored": host.stored,
        "most_streams": host.most_streams,
        "room": host.room,
        "busy": round(host.busy, 4),
        "losses": host.times_lost,
        "worker_restarts": host.worker_restarts,
        "scorer": host.scorer,
    }


def _hosts_with(request: web.Request) -> tuple[Hosts, str]:
    """The hosts, and the id that the path names. Raises `Problem` 404 where it is none of theirs."""
    hosts, host_id = parts_of(request).hosts, request.match_info["id"]
    if hosts is None or all(host.id != host_id for host in hosts):
        raise Problem(404, "There is no host of this id.", code="host_unknown")
    return hosts, host_id


def _one(hosts: Hosts, host_id: str) -> Hosted:
    return next(host for host in hosts if host.id == host_id)
