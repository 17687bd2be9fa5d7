"""What it costs to score samples on another node of a Ray cluster: see docs/benchmarks.md."""

import sys

import click

from web.bench.borrowing import Asked, main
from web.commands.common import debug_option, examples, expected_errors, quiet_logging

_EXAMPLES = """\
python benchmarks/borrowing.py
python benchmarks/borrowing.py --rounds 1 --seconds 2 | tail -1"""
_BATCHES = (1, 8, 32)


@click.command(epilog=examples(_EXAMPLES))
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True, help="Of all sizes of batches.")
@click.option(
    "--seconds", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="How long each turn is."
)
@debug_option
def borrowing(rounds: int, seconds: float) -> None:
    """Score samples in a process of their own node, and on another node in batches, and compare what that takes.

    Progress goes to standard error; the last line of the output is one JSON object. Exit code 0: the limit held; 1: it
    did not; 2: it could not be run.
    """
    quiet_logging()
    with expected_errors():
        held = main(Asked(rounds=rounds, seconds=seconds, batches=_BATCHES))
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    borrowing()
