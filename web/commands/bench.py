"""`gorewatch bench`: measurements, each a ratio against bare parts or a peer."""

import importlib
import sys

import click

from .common import debug_option, examples, expected_errors

_BENCHMARKS = ("pipeline", "score", "ingest", "api", "fanout", "scale")
_EXAMPLES = """\
gorewatch bench pipeline
gorewatch bench pipeline --quick | tail -1
gorewatch bench ingest --quick
gorewatch bench api --streams 20
GOREWATCH_PROVIDER=cuda gorewatch bench score"""


@click.command(epilog=examples(_EXAMPLES))
@click.argument("name", type=click.Choice(_BENCHMARKS))
@click.option("--seconds", type=click.FloatRange(min=1.0), metavar="N", help="How long the longest part may measure.")
@click.option("--quick", is_flag=True, help="A rough figure in less time.")
@click.option(
    "--streams", type=click.IntRange(0, 10_000), metavar="N", help="Of api: live streams beside (default 50, quick 5)."
)
@debug_option
def bench(name: str, seconds: float | None, quick: bool, streams: int | None) -> None:
    """Measure on this machine. Progress goes to standard error; the last line of the output is one JSON object.

    pipeline: the whole path over the sum of its bare parts, the time from sample to event, and memory.

    score: pictures a second by variant, batch size and threads, against a bare session, and int8 against fp32.

    ingest: live streams a core by what is decoded, against bare PyAV, OpenCV and a plain WebRTC receiver.

    fanout: one event to many subscribers against aiohttp and websockets, slow readers, memory, and replay.

    api: checks of images and videos through HTTP against bare parts, their latency beside live streams, and memory.

    scale: what Ray costs a node of a cluster, what its service costs, and 20,000 streams in a simulation.
    Exit code 1 if a limit does not hold.
    """
    if streams is not None and name != "api":
        raise click.UsageError("--streams is of `gorewatch bench api` alone.")
    more = {} if streams is None else {"streams": streams}
    with expected_errors():
        held = importlib.import_module(f"web.bench.{name}").main(seconds=seconds, quick=quick, **more)
    if held is False:
        sys.exit(1)
