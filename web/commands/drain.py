"""`gorewatch drain`: takes a host of a cluster out of service, and back into it."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from .common import DEFAULT_URL, CommandError, debug_option, examples, token_option
from .hosts import why_none

if TYPE_CHECKING:
    from ..api.openapi.hosts import DrainedHost, HostInfo, HostList
    from .asking import Asking

_EXAMPLES = """\
gorewatch drain node1 && ssh node1 reboot
gorewatch drain node1 --undo"""
_LOOK_EVERY_S = 0.5
_NOT_IN_TIME = 1
_NAMED = 5
"""Of hosts that may be meant."""


@click.command(epilog=examples(_EXAMPLES))
@click.argument("host")
@click.argument("url", default=DEFAULT_URL)
@click.option("--undo", is_flag=True, help="Give it streams again.")
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0),
    default=60.0,
    metavar="S",
    help="Seconds to wait for its live streams to leave (default: 60).",
)
@token_option
@debug_option
def drain(host: str, url: str, undo: bool, timeout_s: float, token: str | None) -> int:
    """Take a host of a cluster out of service; its live streams move to others.

    HOST is its name, or as much of the beginning as no other has. URL is that of the service, http://127.0.0.1:8080
    unless given. Ends when no live stream is left there, and says how many stored media, which cannot move, are still
    watched there to their end. A host gets no more streams until --undo, or until the service is started anew. Needs
    a key with the scope admin once there is a key.

    Exit code 0: done. 1: not in time; it stays drained. 2: it could not be.
    """
    return asyncio.run(_drain(host, url, token, undo=undo, timeout_s=timeout_s))


async def _drain(beginning: str, url: str, token: str | None, *, undo: bool, timeout_s: float) -> int:
    from pydantic import TypeAdapter

    from ..api.openapi.hosts import DrainedHost, HostInfo
    from .asking import asking

    async with asking(url, token) as service:
        told = await _hosts(service)
        host = _meant(beginning, told)
        path = ("v1", "hosts", host["id"], "drain")
        if undo:
            await service.answer(TypeAdapter(HostInfo), "DELETE", *path)
            click.echo(f"{host['id']} takes streams again.")
            return 0
        _tell_room(host, told["hosts"])
        drained = await service.answer(TypeAdapter(DrainedHost), "POST", *path)
        return await _until_left(service, drained, timeout_s)


async def _until_left(service: "Asking", drained: "DrainedHost", timeout_s: float) -> int:
    """Wait until its live streams have left; the exit code."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + timeout_s
    host: HostInfo | None = drained
    while host is not None and _live(host):
        if not loop.time() < until_s:
            left = f"Live streams still on {host['id']} after {timeout_s:g} s: {_live(host)}"
            click.echo(f"gorewatch: {left}; it stays drained.", err=True)
            return _NOT_IN_TIME
        await asyncio.sleep(_LOOK_EVERY_S)
        host = next((one for one in (await _hosts(service))["hosts"] if one["id"] == drained["id"]), None)
    moved = f"Live streams moved: {drained['moved']}."
    if host is None:
        click.echo(f"{drained['id']} has left the cluster. {moved}")
    else:
        click.echo(f"{host['id']} is drained. {moved} Stored media still watched there to their end: {host['stored']}.")
    return 0


async def _hosts(service: "Asking") -> "HostList":
    from pydantic import TypeAdapter

    from ..api.openapi.hosts import HostList

    return await service.answer(TypeAdapter(HostList), "GET", "v1", "hosts")


def _meant(beginning: str, told: "HostList") -> "HostInfo":
    """The host of that id; or the only one on the machine of that name, or that begins so. Raises `CommandError`."""
    if not told["hosts"]:
        raise CommandError(why_none(told))
    exact = [host for host in told["hosts"] if host["id"] == beginning]
    of_machine = [host for host in told["hosts"] if host["id"].startswith(f"{beginning}-")]
    found = exact or of_machine or [host for host in told["hosts"] if host["id"].startswith(beginning)]
    if not found:
        raise CommandError(f"There is no host {beginning}; `gorewatch hosts` lists them.")
    if len(found) > 1:
        raise CommandError(f"{beginning} may be {_listed(found)}; give more of its id.")
    return found[0]


def _listed(found: "Sequence[HostInfo]") -> str:
    named = [host["id"] for host in found[:_NAMED]]
    return " or ".join(named) if len(found) <= _NAMED else f"{', '.join(named)} or {len(found) - _NAMED} more"


def _tell_room(host: "HostInfo", all_hosts: "Sequence[HostInfo]") -> None:
    """Say so where the others have not the room for what it watches."""
    room = sum(one["room"] for one in all_hosts if one["id"] != host["id"])
    if room < _live(host):
        others = f"Of the {_live(host)} live streams of {host['id']} the other hosts have room for {room}"
        click.echo(f"gorewatch: {others}; the rest are lost unless more room comes soon.", err=True)


def _live(host: "HostInfo") -> int:
    return host["streams"] - host["stored"]
