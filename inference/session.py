"""Opening an ONNX Runtime session: providers, options, silence."""

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import onnxruntime as ort

from inference.manifest import ModelError

Device = Literal["cuda", "tensorrt", "cpu"]
ProviderChoice = Literal["auto", "cuda", "tensorrt", "cpu"]

_PROVIDERS: dict[Device, str] = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
_PROVIDER_OPTIONS: dict[Device, dict[str, str]] = {
    "tensorrt": {},
    "cuda": {"arena_extend_strategy": "kSameAsRequested", "gpu_mem_limit": str(4 << 30)},
    "cpu": {},
}
_FALLBACKS: dict[Device, tuple[Device, ...]] = {
    "cuda": ("cuda", "cpu"),
    "tensorrt": ("tensorrt", "cuda", "cpu"),
    "cpu": ("cpu",),
}
"""What runs the nodes that a device cannot."""
_ATTEMPTS: dict[ProviderChoice, tuple[Device, ...]] = {
    "auto": ("cuda", "cpu"),
    "cuda": ("cuda",),
    "tensorrt": ("tensorrt",),
    "cpu": ("cpu",),
}
_INSTALL: dict[ProviderChoice, str] = {
    "cuda": "install the CUDA libraries with: pip install 'gorewatch[cuda]', and an NVIDIA driver",
    "tensorrt": "install NVIDIA's TensorRT libraries beside: pip install 'gorewatch[cuda]', and an NVIDIA driver",
    "cpu": "install onnxruntime again",
}
_NOTHING = (
    b'\x08\x08:7\n\x10\n\x01x\x12\x01y"\x08Identity\x12\x01gZ\x0f\n\x01x\x12\n\n\x08\x08\x01\x12\x04\n\x02\x08\x01'
    b"b\x0f\n\x01y\x12\n\n\x08\x08\x01\x12\x04\n\x02\x08\x01B\x04\n\x00\x10\r"
)
"""The smallest of models, y = x of one float: opens wherever any does."""
_NOWHERE = Path("(built in)")
_FATAL, _ERROR = 4, 3  # ONNX Runtime's levels of severity


def granted_device(provider: str) -> Device:
    """What ONNX Runtime really gets of a choice of provider, tried with a network of nothing.

    Raises `ModelError` for what is no choice, and when a provider was asked for by name and cannot be had.
    """
    choice = next((known for known in _ATTEMPTS if known == provider), None)
    if choice is None:
        raise ModelError(f"Unknown provider {provider!r}; use one of {', '.join(_ATTEMPTS)}.")
    built_in = ort.get_available_providers()
    for device in _ATTEMPTS[choice]:
        if _PROVIDERS[device] in built_in and open_session(_NOTHING, device, _NOWHERE)[1] == device:
            return device
    raise ModelError(f"The provider {choice} was asked for but cannot be used here: {_INSTALL[choice]}.")


def open_session(content: bytes, device: Device, file: Path) -> tuple[ort.InferenceSession, Device]:
    """A session of the model `content` on `device`, or on what ONNX Runtime falls back to, and which that is.

    Raises `ModelError` when `content`, which was read from `file`, is no model.
    """
    built_in = ort.get_available_providers()
    wanted = [fallback for fallback in _FALLBACKS[device] if _PROVIDERS[fallback] in built_in]
    with _quiet():
        if "cuda" in wanted and hasattr(ort, "preload_dlls"):
            ort.preload_dlls()
        try:
            session = ort.InferenceSession(
                content, _options(), providers=[(_PROVIDERS[name], _PROVIDER_OPTIONS[name]) for name in wanted]
            )
        except Exception as error:
            raise ModelError(f"The model file {file} cannot be loaded by ONNX Runtime: {first_line(error)}") from error
    session.disable_fallback()  # a call that fails on the GPU must not go on to the CPU in silence
    got = session.get_providers()
    return session, next(name for name, provider in _PROVIDERS.items() if provider in got)


def first_line(error: Exception) -> str:
    """The first line of what ONNX Runtime says, without its codes."""
    return str(error).strip().splitlines()[0].rpartition(" : ")[2][:300] if str(error).strip() else type(error).__name__


def _options() -> ort.SessionOptions:
    options = ort.SessionOptions()
    # Streams are spread over threads and processes by ourselves; idle threads that spin cost eight times the work.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    # The hash covers the .onnx alone, so weights in further files are refused: no file lies under this one.
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", os.devnull)
    options.log_severity_level = _FATAL  # what goes wrong is raised, and told by us
    return options


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep ONNX Runtime from telling on both outputs that there is no GPU here."""
    ort.set_default_logger_severity(_FATAL)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        ort.set_default_logger_severity(_ERROR)
