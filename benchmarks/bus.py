"""How long events take through NATS and a web node: see docs/nats.md."""

import sys

import click

from web.bench.bus import Asked, main
from web.commands.common import debug_option, examples, expected_errors, quiet_logging

_EXAMPLES = """\
nats-server -js -sd "$(mktemp -d)" & python benchmarks/bus.py
python benchmarks/bus.py --rate 500 --seconds 5 --subscribers 20 | tail -1"""


@click.command(epilog=examples(_EXAMPLES))
@click.option(
    "--nats", default="nats://127.0.0.1:4222", show_default=True, metavar="URL", help="A server that nobody else uses."
)
@click.option("--rate", type=click.IntRange(1, 100_000), default=2000, show_default=True, help="Events a second.")
@click.option(
    "--seconds", type=click.FloatRange(min=0.1), default=20.0, show_default=True, help="How long they are sent."
)
@click.option("--subscribers", type=click.IntRange(1, 1000), default=1, show_default=True, help="On the web node.")
@debug_option
def bus(nats: str, rate: int, seconds: float, subscribers: int) -> None:
    """Send events through NATS and a web node, and time each from its making to its arrival.

    Progress goes to standard error; the last line of the output is one JSON object. Exit code 0: the limit held; 1: it
    did not; 2: it could not be run.
    """
    quiet_logging()
    with expected_errors():
        held = main(Asked(nats=nats, rate=rate, seconds=seconds, subscribers=subscribers))
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    bus()
