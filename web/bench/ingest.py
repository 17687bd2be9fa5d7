"""`gorewatch bench ingest`: what it costs to take one sample a second from a live source, by what is decoded.

Each figure is CPU seconds of all threads; ways are compared in turns, in one process, on the same clip, from its second
GOP on: the first one of a live source is read before anything is known of it.

- `streams_per_core`: 720p30 H.264, ours, seconds of video for a CPU second: `all` frames; `partial`, up to the last
  sample of each GOP of 2 s (`auto`); `nonref`, without the frames that no other refers to (`auto`, B-frames, GOP 10 s);
  `keyframes` (GOP 2 s).
- `vs_libav`: CPU of ours (which scales its samples, too) over a bare PyAV loop that decodes the same frames and does no
  more: the highest of `vs_libav_by`.
- `auto_vs_best`: CPU of `auto` over the cheapest fixed choice of what is decoded that gives a sample a second, bare but
  for the scaling of its samples: the highest of all clips.
- `vs_opencv`: streams a core, ours by `auto` over a loop of OpenCV's `VideoCapture`, GOP 1 s; `vs_opencv_by` GOP.
- `webrtc_vs_plain`: CPU of ours over a plain aiortc receiver: see `webrtc.py`.
- `clips`: streams a core for every clip and way.
"""

import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from .clip import FPS, Encoding, repeat, write_clip
from .ingest_ways import Bare, Cost, bare, opencv, ours
from .measure import report, say
from .webrtc import Pace, compared

VS_LIBAV, AUTO_VS_BEST = 1.15, 1.1
VS_OPENCV = {"1 s": 5.0, "2 s": 1.8}
STREAMS_PER_CORE = {"partial": 22.0, "keyframes": 100.0}
_WRITTEN_S = 10
_LEAST_S, _QUICK_LEAST_S = 20, 10
"""Of every clip, beyond its first GOP."""
_CASE_S = 20.0
_CLOSE = 0.4
"""Of a clip's time, for `auto` and the fixed choices alone. A reading of key frames takes half a second, and of two of
those one that something else on the machine disturbed decides the median.
"""
_ROUNDS, _QUICK_ROUNDS = 2, 1
_PACE, _QUICK_PACE = Pace(6.0, 12.0, rounds=2), Pace(6.0, 8.0, rounds=1)
_X264 = (("preset", "veryfast"), ("x264-params", "scenecut=0:bframes=0"))
_X264_B = (("preset", "veryfast"), ("x264-params", "scenecut=0:bframes=3:b-pyramid=none"))
_X265 = (("preset", "ultrafast"), ("x265-params", "log-level=none:scenecut=0:bframes=0"))
_VP9 = (("deadline", "realtime"), ("cpu-used", "8"), ("row-mt", "1"))
_OURS: tuple[Literal["all", "auto", "keyframes"], ...] = ("all", "auto", "keyframes")
_FIXED = "fixed "
_NO_OPENCV = "OpenCV is not installed; `pip install opencv-python-headless` in this environment and run again"


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
_AGAINST_OPENCV = (_GOP_1, _GOP_2)
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
    """Measure and print; `seconds` is how long all clips are read together (default 20 each, two rounds at least).

    Quick: three clips, one round.
    """
    clips = _QUICK_CLIPS if quick else _CLIPS
    each_s = seconds / len(clips) if seconds is not None else 0.0 if quick else _CASE_S
    rounds = _QUICK_ROUNDS if quick or seconds is not None else _ROUNDS
    found: dict[Clip, Found] = {}
    with tempfile.TemporaryDirectory(prefix="gorewatch-bench-") as name:
        folder = Path(name)
        for clip in clips:
            say(f"{clip.name}: writing {_WRITTEN_S} s …")
            written = write_clip(folder / "clip.mkv", _WRITTEN_S, clip.encoding)
            times = math.ceil((clip.gop_s + (_QUICK_LEAST_S if quick else _LEAST_S)) / _WRITTEN_S)
            say(f"{clip.name}: reading it in turns …")
            found[clip] = measure(clip, repeat(written, times), each_s, length_s=times * _WRITTEN_S, rounds=rounds)
        webrtc = compared(folder, _QUICK_PACE if quick else _PACE)
    report("ingest", figures(found) | webrtc)


def measure(clip: Clip, path: Path, seconds: float, *, length_s: float, rounds: int = 1) -> Found:
    """Rounds of every way in turn, for that long and so many at least. The clip is `length_s` long."""
    works = _works(clip, path)
    costs = _rounds(works, (1.0 - _CLOSE) * seconds, rounds)
    close = {way: work for way, work in works.items() if way == "auto" or way.startswith(_FIXED)}
    close_costs = costs + _rounds(close, _CLOSE * seconds, 1)
    pairs = {
        "all": "bare all",
        "keyframes": "bare keyframes",
        "auto": "bare nonref" if clip.b_frames else "bare partial",
    }
    return Found(
        clip=clip,
        cpu_s={way: statistics.median(one[way] for one in costs) / (length_s - clip.gop_s) for way in costs[0]},
        vs_bare={way: _median(one[way] / one[other] for one in costs) for way, other in pairs.items()},
        auto_vs_best=_median(
            one["auto"] / min(cost for way, cost in one.items() if way.startswith(_FIXED)) for one in close_costs
        ),
        vs_opencv=_median(one["opencv"] / one["auto"] for one in costs) if "opencv" in costs[0] else None,
    )


def _median(ratios: Iterable[float]) -> float:
    return round(statistics.median(ratios), 3)


def _rounds(works: Mapping[str, Callable[[], Cost]], seconds: float, least: int) -> list[dict[str, float]]:
    """CPU seconds by way, of every round in that time, and of so many at least.

    Every other round goes backwards: who comes later finds a warm machine.
    """
    started_s, costs = time.monotonic(), list[dict[str, float]]()
    while len(costs) < least or time.monotonic() - started_s < seconds:
        turns = list(works.items())
        costs.append({way: work().cpu_s for way, work in (reversed(turns) if len(costs) % 2 else turns)})
    return costs


def _works(clip: Clip, path: Path) -> Mapping[str, Callable[[], Cost]]:
    from_s = float(clip.gop_s)
    nonref: list[Bare] = ["nonref"] if clip.b_frames else []
    bares: list[Bare] = ["all", "partial", "keyframes", *nonref]
    fixed: list[Bare] = ["keyframes"] if clip.gop_s <= 1 else ["partial", *nonref]
    works: dict[str, Callable[[], Cost]] = {way: partial(ours, path, way, from_s=from_s) for way in _OURS}
    works |= {f"bare {way}": partial(bare, path, way, from_s=from_s) for way in bares}
    works |= {f"{_FIXED}{way}": partial(bare, path, way, from_s=from_s, scaled=True) for way in fixed}
    theirs = opencv() if clip in _AGAINST_OPENCV else None
    return works if theirs is None else works | {"opencv": partial(theirs, path, FPS, from_s)}


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
        "streams_per_core_limit": STREAMS_PER_CORE,
        "vs_libav": max(by.values()),
        "vs_libav_limit": VS_LIBAV,
        "vs_libav_by": by,
        "auto_vs_best": max(one.auto_vs_best for one in found.values()),
        "auto_vs_best_limit": AUTO_VS_BEST,
        "vs_opencv": opencv_by["1 s"],
        "vs_opencv_limit": VS_OPENCV["1 s"],
        "vs_opencv_by": opencv_by,
        "vs_opencv_by_limit": VS_OPENCV,
        "vs_opencv_reason": _NO_OPENCV if opencv_by["1 s"] is None else None,
        "clips": {
            clip.name: {"auto_vs_best": one.auto_vs_best, **{way: one.streams(way) for way in one.cpu_s}}
            for clip, one in found.items()
        },
    }
