"""`gorewatch model`: the detector in use."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import debug_option, examples, expected_errors, model_options, quiet_logging
from .evaluate import evaluate
from .verify import verify

if TYPE_CHECKING:
    from inference.model import Model

_EXAMPLES = """\
gorewatch model info
gorewatch model info --model /srv/models/other.onnx --json"""


@click.group(epilog=examples("gorewatch model info"))
@debug_option
def model() -> None:
    """Ask about the detector in use."""


model.add_command(evaluate)
model.add_command(verify)


@model.command(epilog=examples(_EXAMPLES))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="TOML file with the settings.")
@model_options
@debug_option
def info(as_json: bool, config: Path | None, model: Path | None, provider: str | None, variant: str | None) -> None:
    """Say which detector is used: file, hash, input, where it runs, licence, and what was measured.

    It is loaded for that, so that a file which cannot be used is found out.
    """
    from inference.manifest import manifest_path, shipped_manifest_path
    from inference.model import Model

    from ..configuration import load_settings

    quiet_logging()
    with expected_errors():
        settings = load_settings(config=config, flags={"model": model, "provider": provider, "variant": variant})
        loaded = Model.load(settings.model, provider=settings.provider, variant=settings.variant)
        source = shipped_manifest_path() if settings.model is None else manifest_path(settings.model)
    facts = _facts(loaded, source.parent)
    loaded.close()
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(facts)))


def _facts(loaded: "Model", folder: Path) -> dict[str, object]:
    import onnxruntime as ort

    manifest = loaded.manifest
    used = manifest.file_of(loaded.variant)
    assert used is not None, "it was loaded from this file"
    file = folder / used.file
    further = {"class_output": manifest.class_output, "map_output": manifest.map_output}
    return {
        "name": manifest.name,
        "version": manifest.version,
        "file": str(file),
        "bytes": file.stat().st_size,
        "sha256": used.sha256,
        "variant": loaded.variant,
        "variants": ["fp32", *manifest.variants],
        "input": manifest.input.model_dump(mode="json", exclude_defaults=True),
        "output": manifest.output.model_dump(mode="json", exclude_defaults=True),
        "classes": list(manifest.classes),
        "gore": [manifest.classes[column] for column in manifest.gore_columns],
        "calibration": manifest.calibration.model_dump(mode="json", exclude_defaults=True),
        **{
            name: spec.model_dump(mode="json", exclude_defaults=True)
            for name, spec in further.items()
            if spec is not None
        },
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
