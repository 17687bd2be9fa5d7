"""What the commands share: help with an example, `--debug`, and errors as one line."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click

F = TypeVar("F", bound=Callable[..., object])

DEFAULT_URL = "http://127.0.0.1:8080"
"""Of a service that runs on this machine as it is set up."""


class CommandError(click.ClickException):
    """The command cannot do what was asked. The message is one line that says what to do about it; exit code 2."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


def examples(lines: str) -> str:
    """The end of a command's help, from its examples, one a line."""
    indented = "\n".join(f"  {line}" for line in lines.strip().splitlines())
    return f"\b\n{'Examples' if len(lines.splitlines()) > 1 else 'Example'}:\n{indented}"


def debug_option(function: F) -> F:
    """--debug, which `web.cli.main` looks for itself, so that it counts before the arguments are understood."""
    option: Callable[[F], F] = click.option(
        "--debug", is_flag=True, expose_value=False, help="On an error show the traceback."
    )
    return option(function)


token_option = click.option(
    "--token",
    envvar="GOREWATCH_TOKEN",
    metavar="TOKEN",
    help="API_USER:API_SECRET of a key, or a token made with one (default: GOREWATCH_TOKEN).",
)


def model_options(function: F) -> F:
    """--model, --provider and --variant, as `model`, `provider` and `variant`: the detector and how it is run."""
    for option in (
        click.option("--variant", type=click.Choice(["auto", "fp32", "int8", "fp16"]), help="Which of its files."),
        click.option(
            "--provider", type=click.Choice(["auto", "cuda", "tensorrt", "cpu"]), help="What the detector runs on."
        ),
        click.option("--model", type=click.Path(path_type=Path), metavar="FILE", help="Detector: .onnx or manifest."),
    ):
        function = option(function)
    return function


@contextmanager
def expected_errors() -> Iterator[None]:
    """What can be wrong with a configuration, a store, a model, a source or a labelled folder, as a `CommandError`."""
    from inference.evaluation.labelled import EvaluationError
    from inference.manifest import ModelError
    from stream.errors import SourceError

    from ..settings import ConfigError
    from ..store.errors import StoreError

    try:
        yield
    except (ConfigError, EvaluationError, ModelError, SourceError, StoreError) as error:
        raise CommandError(str(error)) from error


def quiet_logging() -> None:
    """Commands that print results leave standard error to errors: what they use may warn, not chat."""
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    logging.getLogger("libav").setLevel(logging.CRITICAL)
