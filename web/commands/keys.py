"""`gorewatch keys`: makes, lists and revokes the credentials of the service."""

import json
import math
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..access.scopes import USUAL, Scope, ordered
from .common import CommandError, F, debug_option, examples
from .store import in_store

if TYPE_CHECKING:
    from ..store.keys import Key
    from ..store.store import Store

_EXAMPLES = """\
gorewatch keys create --name shop --scope check
gorewatch keys list"""
_MOST_NAME = 64
_COLUMNS = ("API user", "Name", "Scopes", "Created", "Last used", "Revoked")


@click.group(epilog=examples(_EXAMPLES))
def keys() -> None:
    """Make, list and revoke the credentials of the service.

    They live in the service's store; one that runs takes notice within seconds.
    """


def _common(function: F) -> F:
    for option in (
        debug_option,
        click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="TOML file with the settings."),
        click.option("--json", "as_json", is_flag=True, help="One JSON object a line."),
    ):
        function = option(function)
    return function


@keys.command(epilog=examples("gorewatch keys create --name shop --scope check --rate 10"))
@click.option("--name", metavar="N", default="", help="What the key is for, for people.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    help="What it may do; may repeat (default: all but clear and admin).",
)
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), metavar="N", help="Requests a second, at most.")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Jobs of /1.0 at once, at most.")
@_common
def create(
    name: str, scopes: tuple[str, ...], rate: float | None, jobs: int | None, as_json: bool, config: Path | None
) -> None:
    """Make a key, and show its secret, this once.

    The bearer token of a key is API_USER:API_SECRET.
    """
    from ..access.hashing import hashed, new_secret, new_user
    from ..store import keys as rows
    from ..store.keys import Key

    if rate is not None and not math.isfinite(rate):
        raise CommandError("--rate must be a number of requests a second, such as 10.")
    if len(name) > _MOST_NAME or not name.isprintable():
        raise CommandError(f"A name is up to {_MOST_NAME} characters without line breaks or the like.")
    secret = new_secret()
    key = Key(
        id=new_user(),
        name=name,
        secret_hash=hashed(secret),
        scopes=ordered(map(Scope, scopes)) or USUAL,
        rate_per_s=rate,
        max_jobs=jobs,
        created_s=time.time(),
    )

    async def add(store: "Store") -> None:
        async with store.writing() as tx:
            await rows.add(tx, key)

    in_store(config, add)
    if as_json:
        click.echo(json.dumps({"api_user": key.id, "api_secret": secret, "scopes": key.scopes}))
        return
    click.echo(f"api_user    {key.id}\napi_secret  {secret}\nscopes      {' '.join(key.scopes)}")
    click.echo("The secret is not shown again. As a bearer token: api_user:api_secret.", err=True)


@keys.command(name="list", epilog=examples("gorewatch keys list"))
@_common
def listed(as_json: bool, config: Path | None) -> None:
    """List the keys, those that are revoked included, oldest first."""
    found = in_store(config, _all)
    if as_json:
        for key in found:
            click.echo(json.dumps(_json(key)))
        return
    rows = [
        (key.id, key.name, " ".join(key.scopes), *map(_shown, (key.created_s, key.last_used_s, key.revoked_s)))
        for key in found
    ]
    widths = [max(map(len, column)) for column in zip(_COLUMNS, *rows, strict=True)]
    for row in (_COLUMNS, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@keys.command(epilog=examples("gorewatch keys revoke 4711081500\ngorewatch keys revoke --name shop"))
@click.argument("api_user", required=False)
@click.option("--name", metavar="N", help="Every key of this name.")
@_common
def revoke(api_user: str | None, name: str | None, as_json: bool, config: Path | None) -> None:
    """Revoke a key, for good.

    A service that runs refuses it within seconds, and ends its event sockets, streams, publishers and jobs.
    """
    from ..store import keys as rows

    if (api_user is None) == (name is None):
        raise CommandError("Say which key: either its API_USER or --name.")

    async def end(store: "Store") -> "list[Key]":
        wanted = [
            key
            for key in await _all(store)
            if key.revoked_s is None and (key.id == api_user if name is None else key.name == name)
        ]
        async with store.writing() as tx:
            return [key for key in wanted if await rows.revoke(tx, key.id, at_s=time.time())]

    done = in_store(config, end)
    if not done:
        raise CommandError(f"There is no key {api_user or name} that is not revoked; `gorewatch keys list` lists them.")
    for key in done:
        click.echo(json.dumps({"api_user": key.id, "revoked": True}) if as_json else f"{key.id} is revoked.")


async def _all(store: "Store") -> "tuple[Key, ...]":
    from ..store import keys as rows

    async with store.reading() as tx:
        return await rows.listed(tx)


def _json(key: "Key") -> dict[str, object]:
    from ..wire import timestamp

    return {
        "api_user": key.id,
        "name": key.name,
        "scopes": key.scopes,
        "rate": key.rate_per_s,
        "jobs": key.max_jobs,
        "created": timestamp(key.created_s),
        "last_used": None if key.last_used_s is None else timestamp(key.last_used_s),
        "revoked": None if key.revoked_s is None else timestamp(key.revoked_s),
    }


def _shown(unix_s: float | None) -> str:
    return "-" if unix_s is None else f"{datetime.fromtimestamp(unix_s, tz=UTC):%Y-%m-%d %H:%M}"
