"""`gorewatch model`: the detector in use."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import debug_option, examples, expected_errors, quiet_logging
from .evaluate import evaluate

if TYPE_CHECKING:
    from inference.model import Model

_EXAMPLES = """\
gorewatch model info
GOREWATCH_MODEL=/srv/models/other.onnx gorewatch model info --json"""


@click.group(epilog=examples("gorewatch model info"))
@debug_option
def model() -> None:
    """Ask about the detector in use."""


model.add_command(evaluate)


@model.command(epilog=examples(_EXAMPLES))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="TOML file with the settings.")
@debug_option
def info(as_json: bool, config: Path | None) -> None:
    """Say which detector is used: file, hash, input, where it runs, licence, and what was measured.

    It is loaded for that, so that a file which cannot be used is found out. GOREWATCH_MODEL names another one.
    """
    from inference.manifest import manifest_path, shipped_manifest_path
    from inference.model import Model

    from ..settings import load_settings

    quiet_logging()
    with expected_errors():
        settings = load_settings(config=config)
        loaded = Model.load(settings.model, provider=settings.provider)
        source = shipped_manifest_path() if settings.model is None else manifest_path(settings.model)
    facts = _facts(loaded, source.parent / loaded.manifest.file)
    loaded.close()
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(facts)))


def _facts(loaded: "Model", file: Path) -> dict[str, object]:
    import onnxruntime as ort

    manifest = loaded.manifest
    return {
        "name": manifest.name,
        "version": manifest.version,
        "file": str(file),
        "bytes": file.stat().st_size,
        "sha256": manifest.sha256,
        "input": manifest.input.model_dump(),
        "output": manifest.output.model_dump(),
        "classes": list(manifest.classes),
        "calibration": manifest.calibration.model_dump(),
        "provider": loaded.provider,
        "providers_built_in": list(ort.get_available_providers()),
        "licence": manifest.licence,
        "metrics": manifest.metrics,
    }


def _lines(facts: dict[str, object], indent: str = "") -> list[str]:
    """Names and values in two columns, tables indented below their names."""
    lines = []
    width = max((len(name) for name in facts), default=0)
    for name, value in facts.items():
        if isinstance(value, dict):
            lines += [f"{indent}{name}", *_lines(value, indent + "  ")]
        else:
            shown = ", ".join(str(part) for part in value) if isinstance(value, list) else value
            lines.append(f"{indent}{name:<{width}}  {shown}")
    return lines
