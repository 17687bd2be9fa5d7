"""What tests of the detector ask of the machine."""

from pathlib import Path

import onnxruntime as ort
import pytest


@pytest.fixture
def cuda_works() -> bool:
    """Whether this machine may be able to give a session the CUDA provider."""
    return "CUDAExecutionProvider" in ort.get_available_providers() and Path("/dev/nvidiactl").exists()
