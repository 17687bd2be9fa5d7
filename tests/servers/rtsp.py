"""gst-rtsp-server, run by the system's Python because its bindings come with the operating system."""

import functools
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.needs import need

_PYTHON = "/usr/bin/python3"
_SCRIPT = Path(__file__).with_name("rtsp_gst.py")
_PACKAGES = (
    "python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good "
    "gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly"
)
_STOP_S = 10.0


class RtspServer:
    """
    /live      a test card, 640 × 360, 30 fps, without end
    /clip      the given H.264 MP4 once, in real time (each client its own)
    /guarded   as /live, for user `viewer` with password `secret`
    /udp       as /live, over UDP alone
    """

    def __init__(self, port: int, process: "subprocess.Popen[str]") -> None:
        self.port = port
        self.process = process

    def url(self, path: str = "/live", *, credentials: str = "") -> str:
        return f"rtsp://{credentials}{'@' if credentials else ''}127.0.0.1:{self.port}{path}"


@contextmanager
def run_rtsp_server(clip: Path, *, port: int = 0) -> Iterator[RtspServer]:
    """On a free port unless one is given. Skips the test when GStreamer's server or its bindings are missing."""
    need(_has_gstreamer(), "gst-rtsp-server for the system's Python", _PACKAGES)
    command = [_PYTHON, str(_SCRIPT), str(clip), str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        bound = process.stdout.readline()
        assert bound.strip().isdigit(), f"the RTSP server did not start: {bound!r}"
        yield RtspServer(int(bound), process)
    finally:
        process.terminate()
        process.communicate(timeout=_STOP_S)


@functools.cache
def _has_gstreamer() -> bool:
    if not Path(_PYTHON).exists():
        return False
    done = subprocess.run([_PYTHON, str(_SCRIPT), "--check"], capture_output=True, check=False)
    return done.returncode == 0
