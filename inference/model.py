"""The ONNX Runtime session: providers, warm-up, score(batch); nothing else.

One thread owns a `Model` from `load` to `close`: the CUDA provider keeps its buffers a thread and a session.
"""

import contextlib
import io
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from inference.calibrate import Floats
from inference.manifest import (
    Manifest,
    ModelError,
    manifest_path,
    read_manifest,
    read_model,
    shipped_manifest_path,
)
from inference.sizing import CPU_BATCH

__all__ = ["BATCH_BUCKETS", "Batch", "Device", "Model", "ModelError", "ProviderChoice"]

Batch = npt.NDArray[np.uint8]
"""Pictures, N × height × width × 3, RGB."""

Device = Literal["cuda", "tensorrt", "cpu"]
ProviderChoice = Literal["auto", "cuda", "tensorrt", "cpu"]

BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64)
"""Batch sizes that a GPU is given. Its memory arena grows with every new shape, so there are only these."""

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
_CANDIDATES: dict[ProviderChoice, tuple[Device, ...]] = {
    "auto": ("cuda", "cpu"),
    "cuda": ("cuda", "cpu"),
    "tensorrt": ("tensorrt", "cuda", "cpu"),
    "cpu": ("cpu",),
}
_INSTALL: dict[ProviderChoice, str] = {
    "cuda": "install the CUDA libraries with: pip install 'gorewatch[cuda]', and an NVIDIA driver",
    "tensorrt": "install NVIDIA's TensorRT libraries beside: pip install 'gorewatch[cuda]', and an NVIDIA driver",
    "cpu": "install onnxruntime again",
}
_FATAL, _ERROR = 4, 3  # ONNX Runtime's levels of severity

_log = logging.getLogger(__name__)


class Model:
    """A loaded detector. Made by `load`."""

    def __init__(self, session: ort.InferenceSession, manifest: Manifest, device: Device) -> None:
        self.manifest = manifest
        self.provider: Device = device
        """Where the network really runs, from `session.get_providers()`."""
        self._session: ort.InferenceSession | None = session
        self._platt = manifest.calibration.platt
        self._shape = (manifest.input.height, manifest.input.width, 3)

    @classmethod
    def load(cls, path: Path | None = None, *, provider: str = "auto") -> "Model":
        """Load a .onnx or its manifest; None loads the detector that ships with the program.

        `provider` is `auto` (CUDA when the session really gets it, else the CPU), `cuda`, `tensorrt` or `cpu`. Raises
        `ModelError` when a file is missing, damaged or of another shape than its manifest says, and when a provider
        was asked for by name and cannot be had.
        """
        choice = _choice(provider)
        source = shipped_manifest_path() if path is None else manifest_path(path)
        manifest = read_manifest(source)
        if path is not None and path.suffix == ".onnx" and path.name != manifest.file:
            raise ModelError(f"The manifest {source} describes {manifest.file}, not {path.name}; give the right file.")
        content = read_model(manifest, source.parent)
        file = source.parent / manifest.file
        session, device = _open_session(content, choice, file)
        _check_signature(session, manifest, file)
        _log.info("model %s %s runs on %s", manifest.name, manifest.version, device)
        return cls(session, manifest, device)

    def warm(self) -> None:
        """Run every batch size that will occur once, so that no live sample pays for the first time."""
        # On a CPU too: the memory of a size is taken at its first batch and kept.
        for size in BATCH_BUCKETS if self.provider != "cpu" else range(1, CPU_BATCH + 1):
            self.score(np.zeros((size, *self._shape), np.uint8))

    def score(self, batch: Batch) -> Floats:
        """Calibrated probabilities, float32, N, in [0, 1], of a batch uint8 N × height × width × 3, RGB.

        Raises `ModelError` for a batch of another kind, when the session fails or gives anything but finite numbers,
        and after `close`.
        """
        if self._session is None:
            raise ModelError(f"The model {self.manifest.name} was closed and scores no more.")
        if batch.dtype != np.uint8 or batch.shape[1:] != self._shape:
            raise ModelError(
                f"The model {self.manifest.name} takes uint8 batches of N × {' × '.join(map(str, self._shape))}, "
                f"not {batch.dtype} {' × '.join(map(str, batch.shape))}."
            )
        step = max(len(batch), 1) if self.provider == "cpu" else BATCH_BUCKETS[-1]
        parts = [self._logits(self._session, batch[at : at + step]) for at in range(0, len(batch), step)]
        return self._platt.probability(np.concatenate([np.zeros(0, np.float32), *parts]))

    def close(self) -> None:
        """Give the session's memory back. Idempotent."""
        self._session = None

    def _logits(self, session: ort.InferenceSession, batch: Batch) -> Floats:
        fed = batch if self.provider == "cpu" else _padded(batch)
        try:
            (output,) = session.run([self.manifest.output.name], {self.manifest.input.name: fed})
        except Exception as error:
            raise ModelError(f"The model {self.manifest.name} failed on {self.provider}: {_line(error)}") from error
        logits = np.asarray(output, np.float32)
        if logits.shape != (len(fed),):
            raise ModelError(f"The model {self.manifest.name} answered {len(fed)} pictures with shape {logits.shape}.")
        if not np.isfinite(logits[: len(batch)]).all():
            raise ModelError(f"The model {self.manifest.name} gave a score that is not a finite number.")
        return logits[: len(batch)]


def _choice(provider: str) -> ProviderChoice:
    for choice in _CANDIDATES:
        if provider == choice:
            return choice
    raise ModelError(f"Unknown provider {provider!r}; use one of {', '.join(_CANDIDATES)}.")


def _padded(batch: Batch) -> Batch:
    """The batch with black pictures added up to the next bucket."""
    size = next(bucket for bucket in BATCH_BUCKETS if bucket >= len(batch))
    if size == len(batch):
        return batch
    return np.concatenate([batch, np.zeros((size - len(batch), *batch.shape[1:]), np.uint8)])


def _open_session(content: bytes, choice: ProviderChoice, file: Path) -> tuple[ort.InferenceSession, Device]:
    """A session on the provider asked for. Raises `ModelError` where there is none, or the file is no model."""
    available = ort.get_available_providers()
    devices = [device for device in _CANDIDATES[choice] if _PROVIDERS[device] in available]
    with _quiet():
        if "cuda" in devices and hasattr(ort, "preload_dlls"):
            ort.preload_dlls()
        try:
            session = ort.InferenceSession(
                content,
                _options(),
                providers=[(_PROVIDERS[device], _PROVIDER_OPTIONS[device]) for device in devices],
            )
        except Exception as error:
            raise ModelError(f"The model file {file} cannot be loaded by ONNX Runtime: {_line(error)}") from error
    session.disable_fallback()  # a call that fails on the GPU must not go on to the CPU in silence
    got = session.get_providers()
    granted: Device = next(device for device, name in _PROVIDERS.items() if name in got)
    if choice == "auto" or choice == granted:
        return session, granted
    # Reached for cuda and tensorrt only: every session has the CPU.
    raise ModelError(f"The provider {choice} was asked for but cannot be used here: {_INSTALL[choice]}.")


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


def _check_signature(session: ort.InferenceSession, manifest: Manifest, file: Path) -> None:
    """Raise `ModelError` unless the network takes and gives what its manifest says."""
    wanted = [(manifest.input.name, "tensor(uint8)", [manifest.input.height, manifest.input.width, 3])]
    inputs = session.get_inputs()
    found = [(node.name, node.type, list(node.shape[1:])) for node in inputs]
    if found != wanted or isinstance(inputs[0].shape[0], int):
        raise ModelError(f"The model file {file} takes {_described(inputs)}, not what its manifest says; {_FIX}.")
    outputs = [node for node in session.get_outputs() if node.name == manifest.output.name]
    if len(outputs) != 1 or outputs[0].type != "tensor(float)" or len(outputs[0].shape) != 1:
        gives = _described(session.get_outputs())
        raise ModelError(
            f"The model file {file} gives {gives}, not one float {manifest.output.name} a picture; {_FIX}."
        )


_FIX = "export it again as inference/models/README.md describes"


def _described(nodes: list[ort.NodeArg]) -> str:
    return ", ".join(f"{node.name} {node.type} {node.shape}" for node in nodes) or "nothing"


def _line(error: Exception) -> str:
    """The first line of what ONNX Runtime says, without its codes."""
    return str(error).strip().splitlines()[0].rpartition(" : ")[2][:300] if str(error).strip() else type(error).__name__
