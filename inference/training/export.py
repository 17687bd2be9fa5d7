"""Torch to ONNX, and the manifest beside it."""

import hashlib
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch

from inference.calibrate import Isotonic, Platt
from inference.manifest import Manifest
from inference.training.augment import SIDE_PX
from inference.training.network import Detector
from inference.training.targets import CLASSES

_OPSET = 17
_LARGEST_DIFFERENCE = 1e-4
OUTPUTS = ("logit", "classes", "map")


@dataclass(frozen=True, slots=True)
class Curves:
    """How the network's outputs become probabilities."""

    gore: Platt | Isotonic
    classes: Sequence[Platt]
    """One for each of `CLASSES`."""
    map: Platt


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
    """Largest difference between the outputs of torch and of ONNX Runtime on pictures of noise and plain ones."""
    rng = np.random.default_rng(seed)
    frames = rng.integers(0, 256, (6, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    frames[3:] = rng.integers(0, 256, (3, 1, 1, 3), dtype=np.uint8)
    found = ort.InferenceSession(path, providers=["CPUExecutionProvider"]).run(list(OUTPUTS), {"frames": frames})
    with torch.no_grad():
        wanted = module.eval()(torch.from_numpy(frames))
    return max(float(np.abs(np.asarray(one) - other.numpy()).max()) for one, other in zip(found, wanted, strict=True))


def write_network(module: Detector, path: Path) -> float:
    """Export the whole detector; how far its outputs are from torch's. Raises `ValueError` when that is too far."""
    write_onnx(module, path, outputs=OUTPUTS)
    apart = difference(module, path, seed=0)
    if apart > _LARGEST_DIFFERENCE:
        raise ValueError(f"{path} differs from the network it was exported from by {apart:.2e}")
    return apart


def write_manifest(
    path: Path, *, version: str, curves: Curves, variants: Mapping[str, Path], metrics: Mapping[str, object]
) -> Path:
    """Describe the .onnx at `path` and its variants, as they are on disk, in the .json beside it; the path of that."""
    manifest = Manifest.model_validate(
        {
            "name": path.stem,
            "version": version,
            **_file(path),
            "variants": {name: _file(file) for name, file in variants.items()},
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
            "calibration": _curve(curves.gore),
            "class_output": {
                "name": "classes",
                "kind": "logit",
                "classes": list(CLASSES),
                "calibration": [_curve(curve) for curve in curves.classes],
            },
            "map_output": {"name": "map", "kind": "logit", "calibration": _curve(curves.map)},
            "licence": "Apache-2.0",
            "metrics": metrics,
        }
    )
    described = path.with_suffix(".json")
    content = manifest.model_dump(mode="json", exclude_defaults=True)
    described.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return described


def _file(path: Path) -> dict[str, object]:
    return {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def _curve(curve: Platt | Isotonic) -> dict[str, object]:
    if isinstance(curve, Platt):
        return {"method": "platt", "scale": curve.scale, "offset": curve.offset}
    return {"method": "isotonic", "points": list(zip(curve.x, curve.y, strict=True))}
