"""nginx with its RTMP module, and ffmpeg as the publisher: both real, both other processes."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.needs import need, need_program
from tests.servers.ports import free_port, wait_for_port

_MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")
_CONFIG = """\
load_module {module};
daemon off;
master_process off;
worker_processes 1;
error_log {folder}/error.log notice;
pid {folder}/nginx.pid;
events {{ worker_connections 256; }}
rtmp {{
  server {{
    listen 127.0.0.1:{port};
    chunk_size 4096;
    ping 5s;
    application live {{ live on; record off; idle_streams off; wait_key on; }}
  }}
}}
"""
_STOP_S = 10.0


class RtmpServer:
    """Serves what is published to `url(name)`."""

    def __init__(self, port: int, ffmpeg: str) -> None:
        self.port = port
        self._ffmpeg = ffmpeg

    def url(self, name: str) -> str:
        return f"rtmp://127.0.0.1:{self.port}/live/{name}"

    @contextmanager
    def publish(self, clip: Path, name: str, *, loop: bool = True) -> Iterator["subprocess.Popen[str]"]:
        """A clip in real time under `name`, without end or once; the block starts when the first of it is out."""
        command = [self._ffmpeg, "-hide_banner", "-loglevel", "error", "-nostdin", "-re"]
        command += ["-stream_loop", "-1"] if loop else []
        command += ["-i", str(clip), "-c", "copy", "-f", "flv", "-progress", "pipe:1", self.url(name)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            _wait_until_publishing(process)
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=_STOP_S)


@contextmanager
def run_rtmp_server(folder: Path) -> Iterator[RtmpServer]:
    """Skips the test when nginx, its module or ffmpeg is missing."""
    packages = "nginx-light libnginx-mod-rtmp ffmpeg"
    nginx, ffmpeg = need_program("nginx", packages), need_program("ffmpeg", packages)
    need(_MODULE.exists(), "nginx's RTMP module", packages)
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(_CONFIG.format(module=_MODULE, folder=folder, port=port))
    log = folder / "nginx.out"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [nginx, "-p", str(folder), "-c", str(config), "-e", str(folder / "start.log")], stdout=output, stderr=output
        )
    try:
        wait_for_port(port)
        yield RtmpServer(port, ffmpeg)
    finally:
        process.terminate()
        process.wait(_STOP_S)


def _wait_until_publishing(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        name, _, value = line.strip().partition("=")
        if name == "out_time_us" and value.isdigit() and int(value) > 0:
            return
    raise AssertionError("ffmpeg could not publish: " + "".join(said))
