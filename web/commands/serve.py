"""`gorewatch serve`: the service."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import CommandError, debug_option, examples, expected_errors, model_options

if TYPE_CHECKING:
    from ..app import NamedSource
    from ..settings import Settings

_DEMO_NAME = "demo"
_DEMO_SHOWN = "demo:drawn"
_DRAW = "import pathlib, sys; from web.demo import write_demo_clip; write_demo_clip(pathlib.Path(sys.argv[1]))"
_EXAMPLES = """\
gorewatch serve --demo
gorewatch serve --source lobby=rtsp://camera.example/stream1
gorewatch keys create && gorewatch serve --host 0.0.0.0"""


@click.command(epilog=examples(_EXAMPLES))
@click.option("--host", metavar="ADDRESS", help="Address to listen on (default: 127.0.0.1); others need a key.")
@click.option("--port", type=click.IntRange(0, 65535), metavar="N", help="Port (default: 8080); 0 takes a free one.")
@click.option("--source", "named", metavar="NAME=URL", multiple=True, help="Watch this source; may repeat.")
@click.option(
    "--demo", is_flag=True, help="Watch a clip that gorewatch draws itself, over and over; no network needed."
)
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="TOML file with the settings.")
@model_options
@click.option("--decoder", type=click.Choice(["cpu", "nvdec", "auto"]), help="What decodes (default: cpu).")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Decoder processes (default: one a CPU).")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="Least severe line logged.")
@click.option("--print-config", is_flag=True, help="Print the settings in effect and where each comes from, and exit.")
@debug_option
def serve(
    host: str | None,
    port: int | None,
    named: tuple[str, ...],
    demo: bool,
    config: Path | None,
    model: Path | None,
    provider: str | None,
    variant: str | None,
    decoder: str | None,
    workers: int | None,
    log_level: str | None,
    print_config: bool,
) -> None:
    """Run the service: watch sources, show them on a page, send events.

    Settings come from a TOML file, overridden by GOREWATCH_ variables, overridden by these flags. Ctrl-C or SIGTERM
    ends it in order.
    """
    from ..configuration import describe, load_settings

    flags = {
        "host": host,
        "port": port,
        "model": model,
        "provider": provider,
        "variant": variant,
        "decoder": decoder,
        "workers": workers,
        "log_level": log_level,
    }
    with expected_errors():
        settings = load_settings(config=config, flags=flags)
        if print_config:
            _print_config(describe(settings))
            return
        _serve(settings, named, demo=demo)


def _serve(settings: "Settings", named: tuple[str, ...], *, demo: bool) -> None:
    from .. import app
    from ..logs import configure_logging

    configure_logging(settings.log_format, settings.log_level)
    sources = [_named_source(text) for text in named]
    if demo:
        clip = str(_demo_clip(settings.data_dir))
        sources.append(app.NamedSource(name=_DEMO_NAME, url=clip, paced=True, loop=True, shown=_DEMO_SHOWN))
    asyncio.run(app.serve(settings, sources, ready=_say_ready))


def _say_ready(url: str) -> None:
    from ..collecting import collect_rarely

    # Of the whole process, which is this command's.
    collect_rarely()
    click.echo(f"gorewatch is ready: open {url} in a browser. Ctrl-C ends it.")
    sys.stdout.flush()


def _named_source(text: str) -> "NamedSource":
    from ..app import NamedSource

    name, equals, url = text.partition("=")
    if not (name and equals and url):
        raise CommandError(f"--source {text!r} is not of the form NAME=URL, such as lobby=rtsp://camera.example/1.")
    return NamedSource(name=name, url=url)


def _demo_clip(data_dir: Path) -> Path:
    """The demo's clip, drawn at the first call of this version and kept in the data folder."""
    from importlib.metadata import version

    path = data_dir / f"demo-{version('gorewatch')}.mp4"
    if path.exists():
        return path
    click.echo("Drawing the demo's clip, once; this takes some seconds.", err=True)
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        _draw(path)
    except OSError as error:
        raise CommandError(
            f"The folder {data_dir} cannot be written to ({error.strerror or error}); set GOREWATCH_DATA_DIR."
        ) from error
    return path


def _draw(path: Path) -> None:
    """In a process of its own, so that the service never loads the codecs. Appears under its name only when whole."""
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        subprocess.run([sys.executable, "-P", "-c", _DRAW, str(part)], check=True, capture_output=True)
        part.replace(path)
    except subprocess.CalledProcessError as error:
        raise CommandError("The demo's clip could not be drawn; is the data folder full?") from error
    finally:
        part.unlink(missing_ok=True)


def _print_config(rows: list[tuple[str, str, str]]) -> None:
    width = max(len(name) for name, _, _ in rows)
    value_width = max(len(value) for _, value, _ in rows)
    for name, value, origin in rows:
        click.echo(f"{name:<{width}}  {value:<{value_width}}  {origin}")
