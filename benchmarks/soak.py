"""Many live streams at once on this machine, for minutes: see docs/benchmarks.md."""

import sys

import click

from web.bench.soak import Asked, main
from web.commands.common import debug_option, examples, expected_errors, quiet_logging

_EXAMPLES = """\
python benchmarks/soak.py
python benchmarks/soak.py --streams 40 --seconds 60 | tail -1"""


@click.command(epilog=examples(_EXAMPLES))
@click.option("--streams", type=click.IntRange(1, 10_000), default=150, show_default=True, help="Live streams at once.")
@click.option(
    "--seconds", type=click.FloatRange(min=2.0), default=600.0, show_default=True, help="How long they are watched."
)
@click.option(
    "--fps", type=click.FloatRange(0.05, 30.0), default=0.5, show_default=True, help="Samples a second of each."
)
@debug_option
def soak(streams: int, seconds: float, fps: float) -> None:
    """Run the service with many live streams that another process publishes, and watch lag, stalls, drops and memory.

    Progress goes to standard error; the last line of the output is one JSON object. Exit code 0: every limit held;
    1: one did not; 2: it could not be run.
    """
    quiet_logging()
    with expected_errors():
        held = main(Asked(streams=streams, seconds=seconds, fps=fps))
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    soak()
