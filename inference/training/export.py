"""Torch to ONNX, and the manifest beside it."""

import hashlib
import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch

from inference.calibrate import Platt
from inference.manifest import Manifest
from inference.training.augment import SIDE_PX
from inference.training.network import Detector

_OPSET = 17
_LARGEST_DIFFERENCE = 1e-4


def write_onnx(module: torch.nn.Module, path: Path, *, outputs: Sequence[str], side_px: int = SIDE_PX) -> None:
    """Export a module that takes uint8 `frames`, N × side × side × 3, with any N."""
    example = torch.zeros(2, side_px, side_px, 3, dtype=torch.uint8)
    with warnings.catch_warnings():
        # The exporter that needs no further package is marked as the older one.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            (example,),
            path,
            dynamo=False,
            opset_version=_OPSET,
            input_names=["frames"],
            output_names=list(outputs),
            dynamic_axes={name: {0: "n"} for name in ["frames", *outputs]},
        )


def difference(module: Detector, path: Path, seed: int) -> float:
    """Largest difference between the logits of torch and of ONNX Runtime on pictures of noise and plain ones."""
    rng = np.random.default_rng(seed)
    frames = rng.integers(0, 256, (6, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    frames[3:] = rng.integers(0, 256, (3, 1, 1, 3), dtype=np.uint8)
    (found,) = ort.InferenceSession(path, providers=["CPUExecutionProvider"]).run(["logit"], {"frames": frames})
    with torch.no_grad():
        wanted, _ = module.eval()(torch.from_numpy(frames))
    return float(np.abs(np.asarray(found) - wanted.numpy()).max())


def write_network(module: Detector, path: Path) -> float:
    """Export the whole detector; how far its logits are from torch's. Raises `ValueError` when that is too far."""
    write_onnx(module, path, outputs=["logit", "map"])
    apart = difference(module, path, seed=0)
    if apart > _LARGEST_DIFFERENCE:
        raise ValueError(f"{path} differs from the network it was exported from by {apart:.2e}")
    return apart


def write_manifest(path: Path, *, version: str, platt: Platt, metrics: Mapping[str, object]) -> Path:
    """Describe the .onnx at `path`, as it is on disk now, in the .json beside it; the path of that."""
    manifest = Manifest.model_validate(
        {
            "name": path.stem,
            "version": version,
            "file": path.name,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "input": {
                "name": "frames",
                "layout": "NHWC",
                "dtype": "uint8",
                "width": SIDE_PX,
                "height": SIDE_PX,
                "color": "RGB",
            },
            "output": {"name": "logit", "kind": "logit"},
            "classes": ["gore"],
            "calibration": {"method": "platt", "scale": platt.scale, "offset": platt.offset},
            "licence": "Apache-2.0",
            "metrics": metrics,
        }
    )
    described = path.with_suffix(".json")
    described.write_text(json.dumps(manifest.model_dump(mode="json"), indent=2) + "\n", encoding="utf-8")
    return described
