"""`gorewatch bench ingest`: what it costs to take one sample a second from a live stream, by what is decoded.

Each figure is CPU seconds of all threads; ways are compared in turns, in one process, on the same clip.

- `streams_per_core`: 720p30 H.264, ours, seconds of video for a CPU second: `all` frames; `partial`, up to the last
  sample of each GOP of 2 s (`auto`); `nonref`, without the frames that no other refers to (`auto`, B-frames, GOP 10 s);
  `keyframes` (GOP 2 s).
- `vs_libav`: CPU of ours (which scales its samples, too) over a bare PyAV loop that decodes the same frames and does no
  more: the highest of `vs_libav_by`.
- `auto_vs_best`: CPU of `auto` over the cheapest bare loop that gives a sample a second, the highest of all clips.
- `vs_opencv`: streams a core, ours by `auto` over a loop of OpenCV's `VideoCapture`, GOP 1 s; `vs_opencv_by` GOP.
- `clips`: streams a core for every clip and way.
"""

import statistics
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .clip import FPS, Encoding, repeat, write_clip
from .ingest_ways import Bare, Cost, bare, opencv, ours
from .measure import report, say

_WRITTEN_S, _TIMES = 20, 3
_CLIP_S = _WRITTEN_S * _TIMES
"""Of a live source the first GOP is decoded whole: it must not be a large part."""
_QUICK_S, _CASE_S = 2.0, 15.0
_X264 = (("preset", "veryfast"), ("x264-params", "scenecut=0:bframes=0"))
_X264_B = (("preset", "veryfast"), ("x264-params", "scenecut=0:bframes=3:b-pyramid=none"))
_X265 = (("preset", "ultrafast"), ("x265-params", "log-level=none:scenecut=0:bframes=0"))
_VP9 = (("deadline", "realtime"), ("cpu-used", "8"), ("row-mt", "1"))
_NO_OPENCV = "OpenCV is not installed; `pip install opencv-python-headless` in this environment and run again"
_NO_WEBRTC = "WebRTC is decoded whole in this version, as by a plain receiver"


@dataclass(frozen=True, slots=True)
class Clip:
    """What is read: a codec, a height in pixels, seconds between key frames, and whether there are B-frames."""

    codec: str
    height_px: int
    gop_s: int
    b_frames: bool = False

    @property
    def name(self) -> str:
        return f"{self.codec} {self.height_px}p gop {self.gop_s} s{' b' if self.b_frames else ''}"

    @property
    def encoding(self) -> Encoding:
        encoder, options = {"h264": ("libx264", _X264), "hevc": ("libx265", _X265), "vp9": ("libvpx-vp9", _VP9)}[
            self.codec
        ]
        return Encoding(
            codec=encoder,
            width_px=self.height_px * 16 // 9,
            height_px=self.height_px,
            gop_frames=self.gop_s * FPS,
            bitrate=3_000_000 if self.height_px == 720 else 6_000_000,
            options=_X264_B if self.b_frames else options,
        )


_GOP_1, _GOP_2, _WITH_B = Clip("h264", 720, 1), Clip("h264", 720, 2), Clip("h264", 720, 10, b_frames=True)
_QUICK_CLIPS = (_GOP_1, _GOP_2, _WITH_B)
_CLIPS = (
    *_QUICK_CLIPS,
    Clip("h264", 720, 10),
    *(Clip("h264", 1080, gop_s) for gop_s in (1, 2, 10)),
    *(Clip(codec, height, gop_s) for codec in ("hevc", "vp9") for height in (720, 1080) for gop_s in (1, 2, 10)),
)


@dataclass(frozen=True, slots=True)
class Found:
    """Medians over the rounds: CPU seconds for a second of video, by way; ratios are of the same round."""

    clip: Clip
    cpu_s: dict[str, float]
    vs_bare: dict[str, float]
    auto_vs_best: float
    vs_opencv: float | None

    def streams(self, way: str) -> float:
        return round(1.0 / self.cpu_s[way], 1)


def main(*, seconds: float | None, quick: bool) -> None:
    """Measure and print; `seconds` is how long all clips are read together (default 15 each, quick 2 each)."""
    clips = _QUICK_CLIPS if quick else _CLIPS
    each_s = seconds / len(clips) if seconds is not None else _QUICK_S if quick else _CASE_S
    found: dict[Clip, Found] = {}
    for clip in clips:
        with tempfile.TemporaryDirectory(prefix="gorewatch-bench-") as folder:
            say(f"{clip.name}: writing {_WRITTEN_S} s …")
            path = repeat(write_clip(Path(folder) / "clip.mkv", _WRITTEN_S, clip.encoding), _TIMES)
            say(f"{clip.name}: reading it in turns …")
            found[clip] = measure(clip, path, each_s)
    report("ingest", figures(found))


def measure(clip: Clip, path: Path, seconds: float) -> Found:
    """Rounds of every way in turn, for that long and once at least."""
    started_s, rounds = time.monotonic(), list[dict[str, float]]()
    while not rounds or time.monotonic() - started_s < seconds:
        rounds.append(_round(path))
    cpu_s = {way: statistics.median(one[way] for one in rounds) / _CLIP_S for way in rounds[0]}

    pairs = {
        "all": "bare all",
        "keyframes": "bare keyframes",
        "auto": "bare nonref" if clip.b_frames else "bare partial",
    }
    enough = ["bare all", "bare partial", "bare nonref"] + (["bare keyframes"] if clip.gop_s <= 1 else [])
    return Found(
        clip=clip,
        cpu_s=cpu_s,
        vs_bare={way: _median(one[way] / one[other] for one in rounds) for way, other in pairs.items()},
        auto_vs_best=_median(one["auto"] / min(one[way] for way in enough) for one in rounds),
        vs_opencv=_median(one["opencv"] / one["auto"] for one in rounds) if "opencv" in cpu_s else None,
    )


def _median(ratios: Iterable[float]) -> float:
    return round(statistics.median(ratios), 3)


def _round(path: Path) -> dict[str, float]:
    """CPU seconds of one reading, by way."""
    theirs = opencv()
    bares: tuple[Bare, ...] = ("all", "partial", "nonref", "keyframes")
    costs: dict[str, Cost] = {way: ours(path, way) for way in ("all", "auto", "keyframes")}
    costs |= {f"bare {way}": bare(path, way) for way in bares}
    if theirs is not None:
        costs["opencv"] = theirs(path, FPS)
    return {way: cost.cpu_s for way, cost in costs.items()}


def figures(found: dict[Clip, Found]) -> dict[str, object]:
    """The keys of the JSON line."""
    by = {
        "all": found[_GOP_2].vs_bare["all"],
        "partial": found[_GOP_2].vs_bare["auto"],
        "nonref": found[_WITH_B].vs_bare["auto"],
        "keyframes": found[_GOP_2].vs_bare["keyframes"],
    }
    opencv_by = {f"{clip.gop_s} s": found[clip].vs_opencv for clip in (_GOP_1, _GOP_2)}
    return {
        "streams_per_core": {
            "all": found[_GOP_2].streams("all"),
            "partial": found[_GOP_2].streams("auto"),
            "nonref": found[_WITH_B].streams("auto"),
            "keyframes": found[_GOP_2].streams("keyframes"),
        },
        "vs_libav": max(by.values()),
        "vs_libav_by": by,
        "auto_vs_best": max(one.auto_vs_best for one in found.values()),
        "vs_opencv": opencv_by["1 s"],
        "vs_opencv_by": opencv_by,
        "vs_opencv_reason": _NO_OPENCV if opencv_by["1 s"] is None else None,
        "webrtc_vs_plain": None,
        "webrtc_vs_plain_reason": _NO_WEBRTC,
        "clips": {
            clip.name: {"auto_vs_best": one.auto_vs_best, **{way: one.streams(way) for way in one.cpu_s}}
            for clip, one in found.items()
        },
    }
