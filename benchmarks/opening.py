"""How long many streams take to open against how long a few take: see docs/benchmarks.md."""

import sys

import click

from web.bench.opening import Asked, main
from web.commands.common import debug_option, examples, expected_errors, quiet_logging

_EXAMPLES = """\
python benchmarks/opening.py
python benchmarks/opening.py --few 2 --many 10 --rounds 1 | tail -1"""


@click.command(epilog=examples(_EXAMPLES))
@click.option("--few", type=click.IntRange(1, 10_000), default=5, show_default=True, help="Streams to compare with.")
@click.option("--many", type=click.IntRange(2, 10_000), default=100, show_default=True, help="Streams opened at once.")
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True, help="Of both, in turn.")
@debug_option
def opening(few: int, many: int, rounds: int) -> None:
    """Open streams of a running service all at once, and time it until the last one has its first score.

    Progress goes to standard error; the last line of the output is one JSON object. Exit code 0: the limit held; 1: it
    did not; 2: it could not be run.
    """
    quiet_logging()
    if few >= many:
        raise click.UsageError("--few must be less than --many.")
    with expected_errors():
        held = main(Asked(few=few, many=many, rounds=rounds))
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    opening()
