"""`gorewatch watch`: events as they come."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from .common import CommandError, debug_option, examples, token_option

if TYPE_CHECKING:
    from ..delivery.client import Subscription
    from ..wire import Json

_DEFAULT_URL = "http://127.0.0.1:8080"
_EXAMPLES = """\
gorewatch watch
gorewatch watch https://watch.example:8080 --type gore.incident --token "$API_USER:$API_SECRET"
gorewatch watch --since 00000000000000000042 > events.jsonl"""


@click.command(epilog=examples(_EXAMPLES))
@click.argument("url", default=_DEFAULT_URL)
@click.option("--stream", "streams", metavar="ID", multiple=True, help="Only this stream; may repeat.")
@click.option("--type", "types", metavar="TYPE", multiple=True, help="Only events of this type; may repeat.")
@click.option("--since", metavar="EVENT_ID", help="Begin after this event, with what the service still keeps.")
@token_option
@debug_option
def watch(url: str, streams: tuple[str, ...], types: tuple[str, ...], since: str | None, token: str | None) -> int:
    """Print the events of a service as they come.

    URL is that of the service, http://127.0.0.1:8080 unless given. Prints one JSON object a line, or readable
    lines on a terminal. Lost connections are taken up again without a gap. Ctrl-C ends it.
    """
    from ..delivery.client import Subscription, SubscriptionRefused

    subscription = Subscription(url=url, streams=streams, types=types, since=since, token=token)
    try:
        asyncio.run(_watch(subscription, _printer()))
    except SubscriptionRefused as error:
        raise CommandError(str(error)) from error
    except KeyboardInterrupt:
        pass
    return 0


async def _watch(subscription: "Subscription", show: Callable[["Json"], None]) -> None:
    from ..delivery.client import subscribe

    outage = _Outage()
    async with contextlib.aclosing(subscribe(subscription, on_outage=outage.tell)) as events:
        async for event in events:
            outage.over()
            show(event)


class _Outage:
    """Says once that the service is gone, not at every try."""

    def __init__(self) -> None:
        self._told = False

    def tell(self, reason: str) -> None:
        if not self._told:
            click.echo(f"gorewatch: {reason}; trying again until it is back.", err=True)
        self._told = True

    def over(self) -> None:
        self._told = False


def _printer() -> Callable[["Json"], None]:
    if not sys.stdout.isatty():
        return lambda event: click.echo(json.dumps(event, separators=(",", ":"), ensure_ascii=False))
    from .lines import event_line

    return lambda event: click.echo(event_line(event))
