"""ffmpeg sending a clip in real time to any address: MPEG-TS over UDP, TCP or SRT."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.servers.needs import need, need_program
from tests.servers.ports import wait_for_udp_port

_STOP_S = 10.0


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert isinstance(port, int)
    return port


def need_srt() -> None:
    """Skips the test where no program here speaks SRT."""
    need_program("srt-live-transmit", "srt-tools")
    ffmpeg = need_program("ffmpeg", "ffmpeg")
    found = subprocess.run([ffmpeg, "-hide_banner", "-protocols"], capture_output=True, text=True, check=True)
    need("srt" in found.stdout.split(), "an ffmpeg with SRT", "ffmpeg")


@contextmanager
def transmit(clip: Path, url: str, *, loop: bool = True, codec: str = "copy") -> Iterator["subprocess.Popen[bytes]"]:
    """Send the clip, again and again or once, for as long as the block lasts.

    Who waits to be called (`mode=listener`) does so when the block begins: SRT calls for three seconds only.
    """
    ffmpeg = need_program("ffmpeg", "ffmpeg")
    again = ["-stream_loop", "-1"] if loop else []
    command = [ffmpeg, "-hide_banner", "-loglevel", "error", "-nostdin", "-re", *again, "-i", str(clip)]
    command += ["-map", "0:v:0", "-c", codec, "-f", "mpegts", url]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        if "mode=listener" in url:
            wait_for_udp_port(urlsplit(url).port or 0)
        yield process
    finally:
        process.terminate()
        process.wait(_STOP_S)
