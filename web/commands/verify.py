"""`gorewatch model verify`: whether the smaller and faster files of a model agree with its reference."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import CommandError, debug_option, examples, expected_errors, quiet_logging

if TYPE_CHECKING:
    from inference.manifest import InputSpec
    from inference.specimens import Pixels, Unreadable
    from inference.verify import Compared

_EXAMPLES = """\
gorewatch model verify
gorewatch model verify pictures/ --json | jq .variants.int8.p99"""
_DRAWN = 256
_BEYOND, _UNREADABLE = 1, 2


@click.command(epilog=examples(_EXAMPLES))
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--model", type=click.Path(path_type=Path), metavar="FILE", help="Detector: .onnx or manifest.")
@click.option(
    "--provider", type=click.Choice(["auto", "cuda", "tensorrt", "cpu"]), help="What the variant fp16 runs on."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="TOML file with the settings.")
@debug_option
def verify(folder: Path | None, model: Path | None, provider: str | None, as_json: bool, config: Path | None) -> int:
    """Compare the variants int8 and fp16 with the fp32 reference over the pictures in FOLDER.

    Without FOLDER over pictures that gorewatch draws itself; what it was trained on tells more. Exit code 0: all are
    within their limits; 1: a variant is beyond; 2: something could not be read.
    """
    from inference.verify import Variants

    from ..configuration import load_settings

    quiet_logging()
    with expected_errors():
        settings = load_settings(config=config, flags={"model": model, "provider": provider})
        variants = Variants(settings.model, provider=settings.provider)
        pictures = _Pictures(folder, variants.manifest.input)
        compared = variants.compare(pictures)
        variants.close()
    if as_json:
        click.echo(json.dumps(_facts(variants.manifest.name, folder, pictures, compared), ensure_ascii=False))
    else:
        _print(variants.manifest.name, pictures, compared)
    for unreadable in pictures.unreadable:
        click.echo(f"gorewatch: {unreadable.file} cannot be read: {unreadable.reason}", err=True)
    if pictures.unreadable:
        return _UNREADABLE
    return _BEYOND if any(one.faults for one in compared) else 0


@dataclass(slots=True)
class _Pictures:
    """What is compared over; iterated once."""

    folder: Path | None
    size: "InputSpec"
    count: int = 0
    unreadable: "list[Unreadable]" = field(default_factory=list)

    def __iter__(self) -> "Iterator[Pixels]":
        from inference.specimens import Unreadable, drawn, in_folder

        height_px, width_px = self.size.height, self.size.width
        if self.folder is None:
            self.count = _DRAWN
            yield from drawn(_DRAWN, height_px=height_px, width_px=width_px)
            return
        if not self.folder.is_dir():
            raise CommandError(f"There is no folder {self.folder}; give one with pictures.")
        try:
            for picture in in_folder(self.folder, height_px=height_px, width_px=width_px):
                if isinstance(picture, Unreadable):
                    self.unreadable.append(picture)
                else:
                    self.count += 1
                    yield picture
        except OSError as error:
            raise CommandError(f"{error.filename or self.folder} cannot be read: {error.strerror or error}.") from error
        if not self.count:
            first = f" ({self.unreadable[0].file}: {self.unreadable[0].reason})" if self.unreadable else ""
            raise CommandError(f"There is no picture that can be read in {self.folder}{first}; give another folder.")


def _facts(name: str, folder: Path | None, pictures: _Pictures, compared: "tuple[Compared, ...]") -> dict[str, object]:
    return {
        "name": name,
        "over": "drawn pictures" if folder is None else str(folder),
        "pictures": pictures.count,
        "unreadable": [asdict(unreadable) for unreadable in pictures.unreadable],
        "variants": {
            one.variant: {
                "file": one.file,
                "provider": one.provider,
                **asdict(one.agreement),
                "within_limits": not one.faults,
                "faults": list(one.faults),
            }
            for one in compared
        },
    }


def _print(name: str, pictures: _Pictures, compared: "tuple[Compared, ...]") -> None:
    from rich.console import Console
    from rich.table import Table

    if not compared:
        click.echo(f"{name} has no file but its reference: there is nothing to compare.")
        return
    over = "drawn here" if pictures.folder is None else f"in {pictures.folder}"
    click.echo(f"{name}: |Δprob| to fp32 over {pictures.count} pictures {over}")
    table = Table("Variant", "Runs on", "Mean", "p99", "Largest", "Flips at 0.5", "Verdict")
    for column in table.columns[2:6]:
        column.justify = "right"
    for one in compared:
        found = one.agreement
        figures = [f"{value:.4f}" for value in (found.mean, found.p99, found.largest)]
        verdict = "; ".join(one.faults) or "within limits"
        table.add_row(one.variant, one.provider, *figures, f"{found.flips:.2%}", verdict)
    Console(width=None if sys.stdout.isatty() else 160).print(table)
