"""Live sources with everything that goes wrong with them, to look at by hand: `python -m tests.servers.by_hand FOLDER`.

Writes its clips into the folder and prints, for a shell, where they are served; serves them until it is interrupted.
What is to be tried with them, and what comes of it, is in `docs/faults.md`.
"""

import itertools
import signal
import sys
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tests.media import Clips, Pixels, picture, write_video
from tests.servers.http import run_http_server
from tests.servers.live import Feed
from tests.servers.raw import raw_server
from tests.servers.tcp import run_tcp_server

_PRIVATE = "http://169.254.169.254/latest/a.ts"
PLAYLISTS = {
    "file": "#EXTINF:1.0,\nfile:///etc/hostname",
    "private": f"#EXTINF:1.0,\n{_PRIVATE}",
    "itself": "#EXT-X-STREAM-INF:BANDWIDTH=1\nitself.m3u8",
    "gap": "#EXTINF:1.0,\nseg000.ts\n#EXTINF:1.0,\ngone.ts\n#EXTINF:1.0,\nseg002.ts",
    "break": "#EXTINF:1.0,\nseg004.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:1.0,\nseg000.ts",
    "locked": '#EXT-X-KEY:METHOD=AES-128,URI="gone.key"\n#EXTINF:1.0,\nseg000.ts',
}
"""What stands in each, beside the segments of `Clips.hls`."""


def write_all(clips: Clips) -> None:
    """Every file that is served, into the folder of the clips."""
    folder = clips.folder
    beside = clips.hls.parent
    for name, lines in PLAYLISTS.items():
        text = f"#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-TARGETDURATION:1\n{lines}\n#EXT-X-ENDLIST\n"
        (beside / f"{name}.m3u8").write_text(text)
    whole = (clips.ts, clips.long, clips.mp4, clips.sound, clips.empty, clips.html, clips.truncated, clips.corrupt)
    noise = np.random.default_rng(1)
    (folder / "noise.ts").write_bytes(noise.bytes(500_000))
    flipped = np.frombuffer(whole[0].read_bytes(), np.uint8).copy()
    flipped[noise.integers(0, len(flipped), len(flipped) // 2000)] ^= 16
    (folder / "flipped.ts").write_bytes(flipped.tobytes())
    _write(folder / "one.mp4", "libx264", [picture(640, 360, second=0)])
    fast = [picture(320, 180, second=number // 240, frame=number) for number in range(720)]
    _write(folder / "fast.mp4", "libx264", fast, rate=240)
    _write(folder / "vast.mkv", "ffv1", [np.zeros((8192, 8192, 3), np.uint8)])


def _write(path: Path, codec: str, pictures: list[Pixels], *, rate: int = 10) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for number, pixels in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shared = folder / "encoded"
    shared.mkdir(exist_ok=True)
    clips = Clips(folder, shared)
    write_all(clips)
    other = write_video(folder / "other.ts", codec="mpeg2video", width=320, height=240)
    with ExitStack() as stack:
        web = stack.enter_context(run_http_server(clips))
        silent = stack.enter_context(run_tcp_server("silent"))
        drip = stack.enter_context(raw_server(lambda _, connection: drip.repeat(connection, b"\x03", 1.0)))
        changing = stack.enter_context(raw_server(Feed(itertools.cycle([clips.ts, other]))))
        lines = {
            "WEB": web.url(""),
            "SILENT": f"127.0.0.1:{silent.port}",
            "DRIP": f"127.0.0.1:{drip.port}",
            "CHANGING": changing.url("/live"),
        }
        sys.stdout.write("".join(f"{name}={value}\n" for name, value in lines.items()))
        sys.stdout.flush()
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
