# mypy: allow-subclassing-any
"""Backbones as they were trained on ImageNet, at several input sizes: their pooled features, and what they cost."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from inference.training.augment import plain_view
from inference.training.comparison.kept import Arrays, Kept
from inference.training.comparison.logistic import Features
from inference.training.data import load_picture
from inference.training.export import write_onnx
from inference.training.network import SameConv, Trunk, backbone
from inference.training.picture import Picture
from inference.training.stains import Rgb

_CHUNK, _BATCH = 128, 16
_TIMED = 30
SIZES, SIDES_PX = (0, 1, 2), (224, 260, 320)


@dataclass(frozen=True, slots=True)
class Backbone:
    """EfficientNet-Lite of a size, at an input size."""

    size: int
    side_px: int

    @property
    def name(self) -> str:
        return f"EfficientNet-Lite{self.size} at {self.side_px}"


BACKBONES = tuple(Backbone(size, side_px) for size in SIZES for side_px in SIDES_PX)


@dataclass(frozen=True, slots=True)
class Cost:
    ms: float
    """Of processor time a picture, ONNX Runtime on one thread, the fastest of some runs."""
    mb: float
    """Of the fp32 file without a classifier, in millions of bytes."""


class Pooled(nn.Module):
    """uint8 N × side × side × 3 to the last features' means over the picture, N × features."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.trunk = Trunk(network, len(network._blocks))
        self.widen = SameConv(fuse_conv_bn_eval(network._conv_head, network._bn1))

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        return nn.functional.relu6(self.widen(self.trunk(frames))).mean(dim=(2, 3))


def exported(each: Backbone, scratch: Path) -> Path:
    """The backbone's .onnx, written when it is not there yet."""
    path = scratch / f"lite{each.size}-{each.side_px}.onnx"
    if not path.exists():
        part = path.with_suffix(".part")
        write_onnx(Pooled(backbone(each.size)), part, outputs=["features"], side_px=each.side_px)
        part.replace(path)
    return path


def session(path: Path) -> ort.InferenceSession:
    """On one thread of the processor."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def cost(path: Path, side_px: int) -> Cost:
    """What a picture costs, alone in its batch."""
    running = session(path)
    frames = np.random.default_rng(0).integers(0, 256, (1, side_px, side_px, 3), dtype=np.uint8)
    times = []
    for _ in range(_TIMED):
        # Other programs on the machine are not counted.
        before = time.thread_time()
        running.run(None, {"frames": frames})
        times.append(time.thread_time() - before)
    return Cost(min(times) * 1000.0, path.stat().st_size / 1e6)


def features(pictures: Sequence[Picture], folder: Path, scratch: Path, kept: Kept) -> dict[Backbone, Features]:
    """Of every backbone, N × features. Made and kept for some pictures at a time."""
    sessions = {each: session(exported(each, scratch)) for each in BACKBONES}
    parts = []
    for at in range(0, len(pictures), _CHUNK):
        chunk = pictures[at : at + _CHUNK]
        key = ("frozen features", [picture.file for picture in chunk], BACKBONES)
        parts.append(kept.arrays(key, partial(_of_chunk, chunk, folder, sessions)))
        sys.stderr.write(f"\rfrozen features: {at + len(chunk)} of {len(pictures)} pictures ")
    sys.stderr.write("\n")
    return {each: np.concatenate([part[each.name] for part in parts]).astype(np.float32) for each in BACKBONES}


def _of_chunk(pictures: Sequence[Picture], folder: Path, sessions: dict[Backbone, ort.InferenceSession]) -> Arrays:
    frames: dict[int, list[Rgb]] = {side_px: [] for side_px in SIDES_PX}
    for picture in pictures:
        loaded = load_picture(folder, picture)
        for side_px, shown in frames.items():
            shown.append(plain_view(loaded, side_px))
    return {
        each.name: np.concatenate(
            [
                np.asarray(
                    running.run(None, {"frames": np.stack(frames[each.side_px][at : at + _BATCH])})[0], np.float16
                )
                for at in range(0, len(pictures), _BATCH)
            ]
        )
        for each, running in sessions.items()
    }
