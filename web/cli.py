"""The command `gorewatch`: one module of `web.commands` a command; here errors become one line and an exit code."""

import importlib
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version

import click

from .commands.common import debug_option, examples

_COMMANDS = {
    "serve": "web.commands.serve:serve",
    "scan": "web.commands.scan:scan",
    "watch": "web.commands.watch:watch",
    "publish": "web.commands.publish:publish",
    "hosts": "web.commands.hosts:hosts",
    "drain": "web.commands.drain:drain",
    "keys": "web.commands.keys:keys",
    "feedback": "web.commands.feedback:feedback",
    "model": "web.commands.model:model",
    "bench": "web.commands.bench:bench",
}
_FAILED = 2
_INTERRUPTED = 130


class _Commands(click.Group):
    """Imports a command's module only when it is asked for, so that help comes at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(dict.fromkeys([*_COMMANDS, *super().list_commands(ctx)]))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _COMMANDS and cmd_name not in self.commands:
            module, _, name = _COMMANDS[cmd_name].partition(":")
            self.add_command(getattr(importlib.import_module(module), name))
        return super().get_command(ctx, cmd_name)


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"gorewatch {version('gorewatch')}")
        ctx.exit()


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=examples("gorewatch serve --demo"),
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version."
)
@debug_option
def cli() -> None:
    """Watch live video and say within a second or two when it turns graphic."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0, a command's own code, or 2 with one line on standard error."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    debug = "--debug" in arguments
    try:
        # Not click's own `main`, whose exit codes for an interrupt and a closed pipe mean something else here.
        with cli.make_context("gorewatch", list(arguments)) as context:
            code = cli.invoke(context)
    except click.exceptions.Exit as leaving:
        code = leaving.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(_FAILED)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has left; the interpreter must not complain when it flushes.
        sys.stdout = None
        sys.exit(_FAILED)
    except Exception as error:  # the last line of defence: no traceback for anybody who did not ask for one
        if debug:
            traceback.print_exc()
        click.echo(f"gorewatch: {_told(error)}", err=True)
        sys.exit(_FAILED)
    sys.exit(code if isinstance(code, int) else 0)


def _told(error: Exception) -> str:
    """The error in one line."""
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx else "gorewatch"
        message = error.format_message()
        return f"{message if message.endswith(('.', '?', '!')) else f'{message}.'} See '{path} --help'."
    if isinstance(error, click.ClickException):
        return error.format_message()
    text = " ".join(str(error).split())
    return f"{type(error).__name__}{': ' if text else ''}{text} (unexpected; run again with --debug for the details)"
