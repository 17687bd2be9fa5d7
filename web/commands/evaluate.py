"""`gorewatch model eval`: how well the detector does on a folder of labelled pictures."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import debug_option, examples, expected_errors, model_options, quiet_logging

if TYPE_CHECKING:
    from inference.evaluation.run import Options
    from inference.model import Model

    from ..settings import Settings

_EXAMPLES = """\
gorewatch model eval pictures/ --out report/
gorewatch model eval pictures/ --split val --json | jq .figures.auroc"""


@click.command("eval", epilog=examples(_EXAMPLES))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--split", metavar="NAME", help="Only the pictures whose row in manifest.csv has this split.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Write JSON, Markdown, plots and scores here."
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="TOML file with the settings.")
@click.option(
    "--bootstrap",
    type=click.IntRange(0, 100_000),
    default=1000,
    metavar="N",
    help="Resamples behind the intervals (default: 1000); 0 for none.",
)
@click.option("--seed", type=click.IntRange(min=0), default=1, metavar="N", help="Of the resamples (default: 1).")
@model_options
@debug_option
def evaluate(
    folder: Path,
    split: str | None,
    out: Path | None,
    as_json: bool,
    config: Path | None,
    bootstrap: int,
    seed: int,
    model: Path | None,
    provider: str | None,
    variant: str | None,
) -> None:
    """Evaluate the detector on FOLDER, which holds labelled pictures.

    The labels are subfolders, positive or gore and negative, safe or other, or the columns file and label of a
    manifest.csv. Pictures that cannot be read are named and left out.
    """
    from inference.evaluation.run import Options

    from ..configuration import load_settings

    quiet_logging()
    with expected_errors():
        settings = load_settings(config=config, flags={"model": model, "provider": provider, "variant": variant})
        options = Options(folder=folder, split=split, out=out, resamples=bootstrap, seed=seed, threads=settings.workers)
        _evaluate(options, settings, as_json=as_json)


def _evaluate(options: "Options", settings: "Settings", *, as_json: bool) -> None:
    from inference.evaluation import run
    from inference.model import Model

    from .figures import Bar, print_report

    def load() -> "Model":
        return Model.load(settings.model, provider=settings.provider, variant=settings.variant)

    # Where the JSON appears on the same terminal, a bar would get in its way.
    with Bar(shown=sys.stderr.isatty() and not (as_json and sys.stdout.isatty())) as bar:
        report = run.evaluate(options, load, bar)
    if as_json:
        click.echo(json.dumps(report.json(), ensure_ascii=False))
    else:
        print_report(report, options.out)
