"""What many webhooks cost the storing of events: see docs/benchmarks.md."""

import sys

import click

from web.bench.webhooks import Asked, main
from web.commands.common import debug_option, examples, expected_errors, quiet_logging

_EXAMPLES = """\
python benchmarks/webhooks.py
python benchmarks/webhooks.py --store postgresql://USER:PASSWORD@HOST/DATABASE --seconds 10 | tail -1"""


@click.command(epilog=examples(_EXAMPLES))
@click.option(
    "--store", metavar="URL", help="A store that nobody else uses, which is filled (default: a new file of SQLite's)."
)
@click.option("--webhooks", type=click.IntRange(1, 1000), default=200, show_default=True, help="How many there are.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.01),
    default=8.0,
    show_default=True,
    help="Of writing, with webhooks and without, for each case.",
)
@debug_option
def webhooks(store: str | None, webhooks: int, seconds: float) -> None:
    """Store events as the service does, with webhooks and without in turns, and compare how many a second it takes.

    Progress goes to standard error; the last line of the output is one JSON object. Exit code 0: the limit held; 1: it
    did not; 2: it could not be run.
    """
    quiet_logging()
    with expected_errors():
        held = main(Asked(store=store, webhooks=webhooks, seconds=seconds))
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    webhooks()
