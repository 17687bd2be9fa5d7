"""A loaded detector: score(batch), and detail(batch) where its network tells more.

On a GPU one thread scores with a `Model`, and it should be the one that warms it up: the CUDA provider keeps handles of
its libraries for each thread that runs a session, and making them takes long.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from inference.calibrate import Floats
from inference.graph import NotOnnx, fault
from inference.heat import Heat
from inference.manifest import (
    Manifest,
    ModelError,
    Variant,
    manifest_path,
    read_manifest,
    read_model,
    shipped_manifest_path,
)
from inference.network import BATCH_BUCKETS, Network, check_shapes, check_signature
from inference.outputs import already_probabilities, log_odds, misdeclared
from inference.session import Device, granted_device, open_session
from inference.sizing import CPU_BATCH
from inference.taxonomy import Taxonomy, share_over, taxonomy

__all__ = ["BATCH_BUCKETS", "Batch", "Detail", "Device", "Model", "ModelError", "Variant"]

Batch = npt.NDArray[np.uint8]
"""Pictures, N × height × width × 3, RGB."""

_VARIANTS: tuple[Variant, ...] = ("fp32", "int8", "fp16")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Detail:
    """All that a detector says of N pictures: calibrated probabilities in [0, 1], float32."""

    prob: Floats
    """N: what `Model.score` gives."""
    classes: Floats | None
    """N × K, in the order of the manifest's `class_output.classes`; None where the model has none."""
    map: Floats | None
    """N × rows × columns, top row first; None where the model has none."""

    def taxonomies(self, names: Sequence[str]) -> list[Taxonomy]:
        """What gore-2.0 answers for each picture; `names` are those of the classes."""
        return [
            taxonomy(
                float(prob),
                None if self.classes is None else dict(zip(names, self.classes[at].tolist(), strict=True)),
                None if self.map is None else share_over(self.map[at]),
            )
            for at, prob in enumerate(self.prob)
        ]


class Model:
    """A loaded detector. Made by `load`."""

    def __init__(self, network: Network, manifest: Manifest, variant: Variant) -> None:
        self.manifest = manifest
        self.provider: Device = network.device
        """Where the network really runs, from `session.get_providers()`."""
        self.variant: Variant = variant
        """Which of the manifest's files is used."""
        self._network: Network | None = network
        self._shape = (manifest.input.height, manifest.input.width, 3)
        self._prepare = manifest.input.preparation.apply
        of_classes, of_map = manifest.class_output, manifest.map_output
        self._curve = manifest.calibration.curve
        self._class_curves = None if of_classes is None else [spec.curve for spec in of_classes.calibration]
        self._map_curve = None if of_map is None else of_map.calibration.curve

    @classmethod
    def load(cls, path: Path | None = None, *, provider: str = "auto", variant: str = "auto") -> "Model":
        """Load a .onnx or its manifest; None loads the detector that ships with the program.

        `provider` is `auto` (CUDA when the session really gets it, else the CPU), `cuda`, `tensorrt` or `cpu`.
        `variant` is `auto` (int8 on the CPU and fp16 on a GPU where the manifest names such a file, else fp32), `fp32`,
        `int8` or `fp16`. Raises `ModelError` when a file is missing, damaged or not what its manifest says, and when a
        provider or variant was asked for by name and cannot be had.
        """
        source = shipped_manifest_path() if path is None else manifest_path(path)
        manifest = read_manifest(source)
        if path is not None and path.suffix == ".onnx" and path.name != manifest.file:
            raise ModelError(f"The manifest {source} describes {manifest.file}, not {path.name}; give the right file.")
        file, session, device, used = _open(manifest, source.parent, provider, variant)
        check_signature(session, manifest, file)
        model = cls(Network(session, manifest, device), manifest, used)
        model.probe(file)
        _log.info("model %s %s, %s, runs on %s", manifest.name, manifest.version, used, device)
        return model

    def probe(self, file: Path) -> None:
        """Raise `ModelError` when the network, read from `file`, gives nonsense for the simplest of pictures."""
        raw = self._raw(_probes(self._shape), file)
        if already_probabilities(raw[0], self.manifest.output.kind):
            raise ModelError(f"The model file {file} gives rows that add up to 1: declare kind probabilities.")

    def warm(self) -> None:
        """Run every batch size that will occur once, so that no live sample pays for the first time."""
        # On a CPU too: the memory of a size is taken at its first batch and kept.
        for size in BATCH_BUCKETS if self.provider != "cpu" else range(1, CPU_BATCH + 1):
            self.score(np.zeros((size, *self._shape), np.uint8))

    def score(self, batch: Batch) -> Floats:
        """Calibrated probabilities, float32, N, in [0, 1], of a batch uint8 N × height × width × 3, RGB.

        Raises `ModelError` for a batch of another kind, when the session fails or gives anything but finite numbers of
        the kind that the manifest declares, and after `close`.
        """
        return self._prob(self._raw(batch)[0])

    def detail(self, batch: Batch) -> Detail:
        """Everything that the model says of a batch as `score` takes it. Raises as `score` does."""
        raw = self._raw(batch)
        classes = cells = None
        if self._class_curves is not None:
            columns = [curve.probability(raw[1][:, at]) for at, curve in enumerate(self._class_curves)]
            classes = np.stack(columns, axis=1)
        if self._map_curve is not None:
            cells = self._map_curve.probability(raw[-1])
        return Detail(prob=self._prob(raw[0]), classes=classes, map=cells)

    def taxonomies(self, batch: Batch) -> list[Taxonomy]:
        """What gore-2.0 answers for each picture of a batch as `score` takes it. Raises as `score` does."""
        of_classes = self.manifest.class_output
        return self.detail(batch).taxonomies(() if of_classes is None else of_classes.classes)

    @property
    def has_map(self) -> bool:
        """Whether it tells where in a picture it sees what: `heats`."""
        return self._map_curve is not None

    def heats(self, batch: Batch) -> list[Heat]:
        """Where it sees gore in each picture of a batch. Raises as `score` does, and of a model without a map."""
        detail = self.detail(batch)
        if detail.map is None:
            raise ModelError(f"The model {self.manifest.name} has no map_output: it does not tell where.")
        return [Heat(float(prob), cells) for prob, cells in zip(detail.prob, detail.map, strict=True)]

    def close(self) -> None:
        """Give the session's memory back. Idempotent."""
        self._network = None

    def _prob(self, raw: Floats) -> Floats:
        odds = log_odds(raw, self.manifest.output.kind, self.manifest.gore_columns)
        return self._curve.probability(odds)

    def _raw(self, batch: Batch, file: Path | None = None) -> list[Floats]:
        """Outputs of the network that can be what the manifest says. `file`, where it was read from, if it is new."""
        name = self.manifest.name
        if self._network is None:
            raise ModelError(f"The model {name} was closed and scores no more.")
        if batch.dtype != np.uint8 or batch.shape[1:] != self._shape:
            raise ModelError(
                f"The model {name} takes uint8 batches of N × {' × '.join(map(str, self._shape))}, "
                f"not {batch.dtype} {' × '.join(map(str, batch.shape))}."
            )
        raw = self._network.run(self._prepare(batch))
        if file is not None:
            check_shapes(raw, self.manifest, file)
        if not all(np.isfinite(output).all() for output in raw):
            raise ModelError(f"The model {name} gave a score that is not a finite number.")
        if wrong := misdeclared(raw[0], self.manifest.output.kind):
            raise ModelError(f"The model {name} {wrong} in its manifest.")
        return raw


def _open(
    manifest: Manifest, folder: Path, provider: str, variant: str
) -> tuple[Path, ort.InferenceSession, Device, Variant]:
    """The file that suits the device that is really to be had, and a session of it there."""
    device = granted_device(provider)
    used = _suited(manifest, device, variant)
    spec = manifest.file_of(used)
    content = read_model(manifest, folder, used)
    file = folder / (manifest.file if spec is None else spec.file)
    _check_weights(content, file)
    session, got = open_session(content, device, file)
    if got != device:
        raise ModelError(f"The model file {file} cannot be run on {device}; use --provider cpu or another variant.")
    return file, session, got, used


def _check_weights(content: bytes, file: Path) -> None:
    try:
        wrong = fault(content)
    except NotOnnx as error:
        raise ModelError(f"The model file {file} is no ONNX model; export it again.") from error
    if wrong is not None:
        raise ModelError(f"The model file {file} {wrong}.")


def _suited(manifest: Manifest, device: Device, variant: str) -> Variant:
    """The variant asked for, or the best one for a device. Raises `ModelError` for a name that is none."""
    if variant == "auto":
        best: Variant = "int8" if device == "cpu" else "fp16"
        return best if best in manifest.variants else "fp32"
    for known in _VARIANTS:
        if variant == known:
            return known
    raise ModelError(f"Unknown variant {variant!r}; use one of auto, {', '.join(_VARIANTS)}.")


def _probes(shape: tuple[int, int, int]) -> Batch:
    """Grey, black, white and noise: a network that fails on these is of no use."""
    plain = [np.full(shape, level, np.uint8) for level in (128, 0, 255)]
    return np.stack([*plain, np.random.default_rng(0).integers(0, 256, shape, np.uint8)])
