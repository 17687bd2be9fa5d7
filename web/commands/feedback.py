"""`gorewatch feedback`: what people said that pictures are, to train on."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import CommandError, debug_option, examples
from .store import in_store

if TYPE_CHECKING:
    from ..store.feedback import Feedback
    from ..store.store import Store

_PAGE = 1000


@click.group(epilog=examples("gorewatch feedback export judged"))
def feedback() -> None:
    """What people said that pictures are, through /1.0/feedback.json."""


@feedback.command(epilog=examples("gorewatch feedback export judged\npython -m inference.training.data --data judged"))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="TOML file with the settings.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@debug_option
def export(folder: Path, config: Path | None, as_json: bool) -> None:
    """Write the judged pictures to a new folder, with the manifest.csv that training and `model eval` read.

    Classes gore and miss become positive, safe negative. What was judged unknown, or has no picture (`keep` was
    none), is left out.
    """
    from ..pictures import export as write

    judgements = in_store(config, _all)
    try:
        written, left_out = write(judgements, folder)
    except FileExistsError as error:
        raise CommandError(f"{folder} is there already; name a folder that is not.") from error
    except OSError as error:
        raise CommandError(f"{folder} cannot be written ({error.strerror or error}); name another folder.") from error
    if as_json:
        click.echo(json.dumps({"folder": str(folder), "written": written, "left_out": left_out}))
    else:
        click.echo(f"{written} pictures are in {folder}; {left_out} judgements had no picture or no label.")


async def _all(store: "Store") -> "list[Feedback]":
    from ..store import feedback as rows

    found: list[Feedback] = []
    async with store.reading() as tx:
        while page := await rows.listed(tx, limit=_PAGE, after_id=found[-1].id if found else ""):
            found += page
    return found
