"""`gorewatch watch`: events as they come."""

import asyncio
import contextlib
import json
import os
import stat
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from .common import DEFAULT_URL, CommandError, debug_option, examples, token_option

if TYPE_CHECKING:
    from ..delivery.client import Subscription
    from ..wire import Json

_EXAMPLES = """\
gorewatch watch
gorewatch watch https://watch.example:8080 --type gore.incident --token "$API_USER:$API_SECRET"
gorewatch watch --since 00000000000000000042 > events.jsonl"""


@click.command(epilog=examples(_EXAMPLES))
@click.argument("url", default=DEFAULT_URL)
@click.option("--stream", "streams", metavar="ID", multiple=True, help="Only this stream; may repeat.")
@click.option("--type", "types", metavar="TYPE", multiple=True, help="Only events of this type; may repeat.")
@click.option("--since", metavar="EVENT_ID", help="Begin after this event, with what the service still keeps.")
@token_option
@debug_option
def watch(url: str, streams: tuple[str, ...], types: tuple[str, ...], since: str | None, token: str | None) -> int:
    """Print the events of a service as they come.

    URL is that of the service, http://127.0.0.1:8080 unless given. Prints one JSON object a line, or readable
    lines on a terminal. Lost connections are taken up again without a gap. Ctrl-C ends it, and so does the end
    of what it is piped into.
    """
    try:
        from ..delivery.client import Subscription, SubscriptionRefused

        asyncio.run(_watch(Subscription(url=url, streams=streams, types=types, since=since, token=token), _printer()))
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:
        # What is still to be flushed has no reader any more, and the interpreter must not complain of that.
        sys.stdout = None
    except SubscriptionRefused as error:
        raise CommandError(str(error)) from error
    return 0


async def _watch(subscription: "Subscription", show: Callable[["Json"], None]) -> None:
    """Raises `BrokenPipeError` when nobody reads any more what it prints."""
    from ..delivery.client import subscribe

    link = _Link()
    try:
        async with (
            asyncio.timeout(None) as scope,
            contextlib.aclosing(subscribe(subscription, on_open=link.opened, on_outage=link.lost)) as events,
        ):
            with _while_read(scope):
                async for event in events:
                    show(event)
    except TimeoutError as error:
        raise BrokenPipeError from error


@contextlib.contextmanager
def _while_read(scope: asyncio.Timeout) -> Iterator[None]:
    """Ends the scope when the reader of the pipe that we print to leaves: writing notices only at the next event."""
    loop = asyncio.get_running_loop()
    descriptor = sys.stdout.fileno()
    if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        yield
        return

    def leave() -> None:
        loop.remove_reader(descriptor)
        scope.reschedule(loop.time())

    # The writing end of a pipe becomes readable when nobody has the other end open any more.
    loop.add_reader(descriptor, leave)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)


class _Link:
    """Says once that the service is gone, not at every try, and that it is back; to people also that it is there."""

    def __init__(self) -> None:
        self._lost = False
        self._news = sys.stderr.isatty()

    def opened(self) -> None:
        if self._lost or self._news:
            click.echo(f"gorewatch: connected{' again' if self._lost else ', Ctrl-C ends it'}.", err=True)
        self._lost = self._news = False

    def lost(self, reason: str) -> None:
        if not self._lost:
            click.echo(f"gorewatch: {reason}; trying again until it is back.", err=True)
        self._lost = True


def _printer() -> Callable[["Json"], None]:
    if not sys.stdout.isatty():
        return lambda event: _print(json.dumps(event, separators=(",", ":")))
    from .lines import event_line

    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return lambda event: _print(event_line(event), colour=not plain)


def _print(line: str, *, colour: bool = False) -> None:
    try:
        click.echo(line, color=colour)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CommandError(f"The events cannot be written: {error.strerror}.") from error
