"""The fp16 variant of a detector, for GPUs: weights and arithmetic in 16-bit floats."""

import warnings
from pathlib import Path

import onnx
from onnxruntime.transformers.float16 import convert_float_to_float16

from inference.training.quantise import simplified


def write_fp16(fp32: Path, out: Path) -> Path:
    """Convert the network at `fp32` into `out`, and return that. It takes and gives what it did before."""
    with warnings.catch_warnings():
        # It tells of each weight that is rounded to zero.
        warnings.simplefilter("ignore")
        onnx.save(convert_float_to_float16(simplified(fp32), keep_io_types=True), out)
    return out
