"""Whether every event arrives, over restarts and with slow and restless subscribers: see docs/events.md."""

import sys

import click

from web.bench.arrival import Asked, main
from web.commands.common import debug_option, examples, expected_errors, quiet_logging

_EXAMPLES = """\
python benchmarks/arrival.py
python benchmarks/arrival.py --streams 10 --subscribers 40 --slow 3 --restless 3 --seconds 90 | tail -1"""


@click.command(epilog=examples(_EXAMPLES))
@click.option("--streams", type=click.IntRange(1, 1000), default=50, show_default=True, help="Live streams at once.")
@click.option(
    "--subscribers", type=click.IntRange(1, 2000), default=200, show_default=True, help="Subscribers, all in all."
)
@click.option("--slow", type=click.IntRange(min=0), default=10, show_default=True, help="Of them, slow ones.")
@click.option(
    "--restless", type=click.IntRange(min=0), default=10, show_default=True, help="Of them, ones that come and go."
)
@click.option(
    "--seconds", type=click.FloatRange(min=6.0), default=300.0, show_default=True, help="How long streams are watched."
)
@debug_option
def arrival(streams: int, subscribers: int, slow: int, restless: int, seconds: float) -> None:
    """Restart a service that watches streams, once in order and once by force, and compare what subscribers got.

    Progress goes to standard error; the last line of the output is one JSON object. Exit code 0: every subscriber has
    every incident that is stored, once and in order; 1: one has not; 2: it could not be run.
    """
    quiet_logging()
    if slow + restless > subscribers:
        raise click.UsageError("--slow and --restless together must not be more than --subscribers.")
    with expected_errors():
        held = main(Asked(streams=streams, subscribers=subscribers, slow=slow, restless=restless, seconds=seconds))
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    arrival()
