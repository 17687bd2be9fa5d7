"""`gorewatch scan`: images and stored videos, one summary each."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import debug_option, examples, expected_errors, model_options, quiet_logging

if TYPE_CHECKING:
    from ..settings import Settings
    from .scanning import Outcome
    from .written import Written

_CLEAR, _FLAGGED, _UNREADABLE = 0, 1, 2
_EXAMPLES = """\
gorewatch scan holiday.mp4 portrait.jpg
gorewatch scan --json --fps 4 https://media.example/clip.mp4 | jq .gore.prob
gorewatch scan --plot scores.png --report report.html evening.mp4"""


@click.command(epilog=examples(_EXAMPLES))
@click.argument("inputs", metavar="PATH_OR_URL...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print one summary a line, as the API answers it.")
@click.option(
    "--fps", type=float, metavar="N", help="Samples per second of media time, at most (default: as configured, 2)."
)
@click.option(
    "--plot", type=click.Path(path_type=Path), metavar="FILE.png", help="Draw the scores over time, with incidents."
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    metavar="FILE.html",
    help="Write a page with scores, incidents and their peak frames in grey blocks.",
)
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="TOML file with the settings.")
@model_options
@debug_option
def scan(
    inputs: tuple[str, ...],
    as_json: bool,
    fps: float | None,
    plot: Path | None,
    report: Path | None,
    config: Path | None,
    model: Path | None,
    provider: str | None,
    variant: str | None,
) -> int:
    """Moderate images and stored videos: files or addresses.

    Exit code 0: nothing reached the threshold; 1: something did; 2: something could not be read, wholly or in part.
    """
    from ..configuration import load_settings
    from .written import Written

    quiet_logging()
    written = Written(plot=plot, report=report)
    written.check(inputs)
    with expected_errors():
        flags: dict[str, object] = {"model": model, "provider": provider, "variant": variant}
        if fps is not None:
            flags["policy"] = {"fps": fps}
        settings = load_settings(config=config, flags=flags)
        outcomes, detector = _run(inputs, settings, written, as_json=as_json)
    for outcome in outcomes:
        _tell_trouble(outcome, as_json=as_json)
    if not as_json:
        from .table import print_outcomes

        print_outcomes(outcomes)
    written.write([outcome.report for outcome in outcomes], detector=detector)
    if not all(outcome.complete for outcome in outcomes):
        return _UNREADABLE
    return _FLAGGED if any(outcome.flagged for outcome in outcomes) else _CLEAR


def _run(
    inputs: tuple[str, ...], settings: "Settings", written: "Written", *, as_json: bool
) -> "tuple[list[Outcome], str]":
    """What came of each, and what detector that was."""
    from inference.model import Model

    from .scanning import scan_all
    from .table import Bars

    model = Model.load(settings.model, provider=settings.provider, variant=settings.variant)
    described = f"{model.manifest.name} {model.manifest.version} ({model.provider}, {model.variant})"
    # Where the summaries appear on the same terminal, a bar would get in their way.
    wanted = sys.stderr.isatty() and not (as_json and sys.stdout.isatty())
    try:
        with Bars(inputs, shown=wanted) as bars:
            scanning = scan_all(
                inputs,
                model=model,
                policy=settings.policy,
                workers=settings.workers,
                audience=bars,
                wanted=written.wanted(len(inputs)),
                tell=_JsonLines().tell if as_json else None,
            )
            return asyncio.run(scanning), described
    finally:
        model.close()


class _JsonLines:
    """Prints summaries in the order of the inputs, each as soon as those before it are there."""

    def __init__(self) -> None:
        self._waiting: dict[int, Outcome] = {}
        self._next = 0

    def tell(self, index: int, outcome: "Outcome") -> None:
        from ..wire import summary_json

        self._waiting[index] = outcome
        while (ready := self._waiting.pop(self._next, None)) is not None:
            click.echo(json.dumps(summary_json(ready.summary), ensure_ascii=False))
            self._next += 1


def _tell_trouble(outcome: "Outcome", *, as_json: bool) -> None:
    """One line on standard error; the JSON of what could not be read at all says it already."""
    failure = outcome.report.failure
    if outcome.complete or (as_json and outcome.summary.prob is None):
        return
    message = failure.message if failure is not None else "no frame of it could be decoded."
    partly = "" if outcome.summary.prob is None else "only its beginning was scored: "
    # Most messages name their media.
    place = "" if outcome.given in message else f"{outcome.given}: "
    click.echo(f"gorewatch: {place}{partly}{' '.join(message.split())}", err=True)
