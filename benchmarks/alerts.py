"""How soon gore in a live stream raises an incident, and how often ordinary material does: see docs/alerts.md."""

import os
from pathlib import Path

import click

from web.bench.alerts.run import Asked, main
from web.commands.common import debug_option, examples, expected_errors, quiet_logging

_FILE = click.Path(path_type=Path, dir_okay=False)
_KNOWN_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
_FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)
_QUICK_HOURS, _QUICK_PASSAGES = 0.5, 10
_EXAMPLES = """\
python benchmarks/alerts.py --quick
python benchmarks/alerts.py --data ~/data/gore --keep alerts.json.gz --plot docs/alerts.png --write docs/alerts.md
python benchmarks/alerts.py --replay alerts.json.gz --plot docs/alerts.png | tail -1"""


@click.command(epilog=examples(_EXAMPLES))
@click.option(
    "--data", type=_FOLDER, help="Labelled folder; its split val is used (default: the program draws scenes)."
)
@click.option("--hours", type=click.FloatRange(min=0.01), default=20.0, show_default=True, help="Of ordinary material.")
@click.option("--passages", type=click.IntRange(min=1), default=200, show_default=True, help="Of each length.")
@click.option(
    "--hard", type=click.FloatRange(0.0, 1.0), default=0.25, show_default=True, help="Share of hard negatives."
)
@click.option("--model", type=_KNOWN_FILE, help="A detector's .onnx or manifest (default: the one that ships).")
@click.option("--provider", default="cpu", show_default=True, help="auto, cuda, tensorrt or cpu.")
@click.option("--variant", default="auto", show_default=True, help="auto, fp32, int8 or fp16.")
@click.option("--threads", type=click.IntRange(min=1), default=os.cpu_count() or 1, help="Default: all processors.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option("--quick", is_flag=True, help=f"{_QUICK_HOURS:g} hours and {_QUICK_PASSAGES} passages of each length.")
@click.option("--keep", type=_FILE, metavar="FILE", help="Keep the recorded scores (gzipped JSON).")
@click.option("--replay", type=_KNOWN_FILE, metavar="FILE", help="Replay kept scores; nothing is scored.")
@click.option("--plot", type=_FILE, metavar="FILE.png", help="Draw the trade-off.")
@click.option("--write", type=_KNOWN_FILE, metavar="FILE.md", help="Put the tables into their place in this document.")
@debug_option
def alerts(
    data: Path | None,
    hours: float,
    passages: int,
    hard: float,
    model: Path | None,
    provider: str,
    variant: str,
    threads: int,
    seed: int,
    *,
    quick: bool,
    keep: Path | None,
    replay: Path | None,
    plot: Path | None,
    write: Path | None,
) -> None:
    """Time to alert: gore spliced into generated live timelines, through decoding, sampling, scoring and smoothing.

    Progress goes to standard error; tables come on standard output, and one JSON object as its last line.
    """
    quiet_logging()
    asked = Asked(
        data=data,
        hours=_QUICK_HOURS if quick else hours,
        passages=_QUICK_PASSAGES if quick else passages,
        hard=hard,
        model=model,
        provider=provider,
        variant=variant,
        threads=threads,
        seed=seed,
        keep=keep,
        replay=replay,
        plot=plot,
        write=write,
    )
    with expected_errors():
        main(asked)


if __name__ == "__main__":
    alerts()
