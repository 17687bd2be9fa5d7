"""`gorewatch hosts`: the machines of a cluster that watch streams."""

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from .common import DEFAULT_URL, debug_option, examples, token_option

if TYPE_CHECKING:
    from ..api.openapi.hosts import HostInfo, HostList

_EXAMPLES = """\
gorewatch hosts
gorewatch hosts https://watch.example:8080 --token "$API_USER:$API_SECRET" | jq .id"""
_COLUMNS = ("HOST", "STATE", "SCORER", "STREAMS", "STORED", "ROOM", "BUSY", "LOST")


@click.command(epilog=examples(_EXAMPLES))
@click.argument("url", default=DEFAULT_URL)
@token_option
@debug_option
def hosts(url: str, token: str | None) -> None:
    """List the hosts of a cluster, and what they do.

    URL is that of the service, http://127.0.0.1:8080 unless given. Prints one JSON object a line, or a table on a
    terminal. A host is up, draining (it gets no more streams) or down (it does not answer). SCORER says whether it has
    a detector of its own, or borrows those of others. STORED are those of its streams that are stored media, watched
    there to their end; ROOM the streams more that it is expected to bear; LOST how often it was given up. Needs a key
    with the scope admin once there is a key.
    """
    told = asyncio.run(_told(url, token))
    if not told["hosts"]:
        click.echo(f"gorewatch: {why_none(told)}", err=True)
    elif sys.stdout.isatty():
        click.echo(_table(told["hosts"]))
    else:
        for host in told["hosts"]:
            click.echo(json.dumps(host, separators=(",", ":")))


async def _told(url: str, token: str | None) -> "HostList":
    from pydantic import TypeAdapter

    from ..api.openapi.hosts import HostList
    from .asking import asking

    async with asking(url, token) as service:
        return await service.answer(TypeAdapter(HostList), "GET", "v1", "hosts")


def why_none(told: "HostList") -> str:
    """Where there are no hosts."""
    if told["engine"] == "local":
        return 'The service watches its streams itself (engine = "local"): it has no hosts.'
    return "No node of the cluster has room for streams: start one with `ray start … --resources '{\"streams\": 200}'`."


def _table(found: "Sequence[HostInfo]") -> str:
    rows = [_row(host) for host in found]
    rows.append(("", "", "", *(str(sum(int(row[column]) for row in rows)) for column in (3, 4, 5)), "", ""))
    widths = [max(map(len, column)) for column in zip(_COLUMNS, *rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < 3 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (_COLUMNS, *rows)
    )


def _row(host: "HostInfo") -> tuple[str, ...]:
    state = "down" if not host["up"] else "draining" if host["draining"] else "up"
    counts = (host["streams"], host["stored"], host["room"])
    return (host["id"], state, host["scorer"], *map(str, counts), f"{host['busy']:.0%}", str(host["losses"]))
