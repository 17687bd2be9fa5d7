"""The live material of the benchmarks of the whole service: low-bitrate 720p with a key frame every two seconds."""

import math
from pathlib import Path

from .clip import FPS, Encoding, repeat, write_clip
from .measure import say

GOP_S = 2
_WRITTEN_S = 10
_BITRATE = 400_000
_ENCODING = Encoding(
    gop_frames=GOP_S * FPS,
    bitrate=_BITRATE,
    options=(("preset", "veryfast"), ("x264-params", "scenecut=0:bframes=0")),
)


def write_live(folder: Path, seconds: float) -> Path:
    """An MPEG-TS file that lasts for at least so long. 3 MB a minute."""
    say(f"writing {_WRITTEN_S} s of 720p30 at {_BITRATE // 1000} kbit/s, a key frame every {GOP_S} s …")
    written = write_clip(folder / "live.mkv", _WRITTEN_S, _ENCODING)
    return repeat(written, math.ceil(seconds / _WRITTEN_S), suffix=".ts")


def described() -> dict[str, object]:
    """What the JSON line says of it."""
    return {"codec": "h264", "size": "1280x720", "fps": FPS, "gop_s": GOP_S, "kbit_per_s": _BITRATE // 1000}
