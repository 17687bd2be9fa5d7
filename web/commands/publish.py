"""`gorewatch publish`: a video file, in real time, to a WHIP endpoint."""

import asyncio
from pathlib import Path

import click

from .common import CommandError, debug_option, examples, quiet_logging, token_option

_EXAMPLES = "gorewatch publish holiday.mp4 http://127.0.0.1:8080/whip/holiday"


@click.command(epilog=examples(_EXAMPLES))
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("url")
@token_option
@debug_option
def publish(file: Path, url: str, token: str | None) -> None:
    """Publish a video file in real time to a WHIP endpoint.

    URL is http://HOST:PORT/whip/NAME for a gorewatch service; any other WHIP endpoint does as well. The sound is left
    out. H.264 in a transport stream without B-frames and VP8 are sent as they are, everything else is encoded anew.
    Ctrl-C ends it early.
    """
    from .whip import PublishFailed, publish_file

    quiet_logging()
    try:
        asyncio.run(publish_file(file, url, token=token))
    except PublishFailed as error:
        raise CommandError(str(error)) from error
