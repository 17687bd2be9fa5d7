"""A model's manifest: the JSON beside the .onnx that says what the file is, what it takes and what it gives.

{"name": "gore-lite1", "version": "1", "file": "gore-lite1.onnx", "sha256": "…",
 "variants": {"int8": {"file": "gore-lite1.int8.onnx", "sha256": "…"}},
 "input": {"name": "frames", "layout": "NHWC", "dtype": "uint8", "width": 224, "height": 224, "color": "RGB"},
 "output": {"name": "logit", "kind": "logit"}, "classes": ["gore"],
 "calibration": {"method": "platt", "scale": 1.0, "offset": 0.0}, "licence": "…", "metrics": {…}}

`docs/models.md` explains every key.
"""

import hashlib
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from inference.calibrate import Calibration, Isotonic, Platt
from inference.outputs import VECTORS, Kind
from inference.prepare import Color, Dtype, Layout, Preparation

_SHIPPED = "gore-lite1.json"
_MAX_MANIFEST_BYTES = 1 << 20
_MAX_MODEL_BYTES = 1 << 30
_MAX_SIDE_PX = 4096
_AS_IT_IS = Preparation()

Variant = Literal["fp32", "int8", "fp16"]
"""Which numbers a network computes with: the reference, 8-bit integers for CPUs, 16-bit floats for GPUs."""

_Name = Annotated[str, Field(min_length=1)]
_Three = tuple[float, float, float]


class ModelError(Exception):
    """A model that cannot be used. `str()` is one line that names the file and says what to do about it."""


class _Part(BaseModel):
    # A slip in a key that may be left out would change every score, so no unknown one is passed over.
    model_config = ConfigDict(frozen=True, allow_inf_nan=False, extra="forbid")


class InputSpec(_Part):
    """What the network takes: a batch of pictures, in `layout`, (pixel × scale − mean) / std where it wants floats."""

    name: _Name
    layout: Layout
    dtype: Dtype
    width: Annotated[int, Field(ge=1, le=_MAX_SIDE_PX)]
    """Pixels."""
    height: Annotated[int, Field(ge=1, le=_MAX_SIDE_PX)]
    """Pixels."""
    color: Color
    scale: Annotated[float, Field(gt=0.0)] | None = None
    mean: _Three = _AS_IT_IS.mean
    std: Annotated[_Three, Field(description="in the order of the channels")] = _AS_IT_IS.std

    @model_validator(mode="after")
    def _normalised_where_it_can_be(self) -> Self:
        if min(self.std) <= 0.0:
            raise ValueError("std must be greater than 0")
        if self.dtype == "uint8" and (self.scale, self.mean, self.std) != (None, _AS_IT_IS.mean, _AS_IT_IS.std):
            raise ValueError("a network that takes uint8 normalises by itself: leave scale, mean and std out")
        if self.dtype != "uint8" and self.scale is None:
            raise ValueError("say scale: 0.00392156862745098 (1/255) where pixels are to be 0 to 1, else 1")
        return self

    @property
    def preparation(self) -> Preparation:
        scale = _AS_IT_IS.scale if self.scale is None else self.scale
        return Preparation(self.layout, self.dtype, self.color, scale, self.mean, self.std)


class OutputSpec(_Part):
    """What the network gives: one number a picture, or one a class."""

    name: _Name
    kind: Kind


class Uncalibrated(_Part):
    """The network's own probability is taken at its word."""

    method: Literal["none"]

    @property
    def curve(self) -> Calibration:
        return Platt()


class PlattSpec(_Part):
    """sigmoid(scale × log-odds + offset)."""

    method: Literal["platt"]
    scale: Annotated[float, Field(gt=0.0)]
    offset: float

    @property
    def curve(self) -> Calibration:
        return self.platt

    @property
    def platt(self) -> Platt:
        return Platt(self.scale, self.offset)


class IsotonicSpec(_Part):
    """Points of uncalibrated and calibrated probability, with straight lines between them."""

    method: Literal["isotonic"]
    points: Annotated[tuple[tuple[float, float], ...], Field(min_length=2, max_length=10_000)]

    @model_validator(mode="after")
    def _monotone(self) -> Self:
        if any(not 0.0 <= value <= 1.0 for point in self.points for value in point):
            raise ValueError("points must lie between 0 and 1")
        if any(left[0] >= right[0] or left[1] > right[1] for left, right in pairwise(self.points)):
            raise ValueError("points must be sorted: x strictly increasing, y never falling")
        return self

    @property
    def curve(self) -> Calibration:
        return Isotonic(*(tuple(values) for values in zip(*self.points, strict=True)))


CalibrationSpec = Annotated[Uncalibrated | PlattSpec | IsotonicSpec, Field(discriminator="method")]
"""How log-odds become a probability: `.curve`."""


class FileSpec(_Part):
    """A file in the manifest's own folder."""

    file: Annotated[str, Field(pattern=r"^[^/\\]+\.onnx$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ClassOutputSpec(_Part):
    """Independent log-odds of what is seen, N × classes."""

    name: _Name
    kind: Literal["logit"]
    classes: Annotated[tuple[_Name, ...], Field(min_length=1)]
    calibration: tuple[CalibrationSpec, ...]
    """One a class."""

    @model_validator(mode="after")
    def _one_a_class(self) -> Self:
        _refuse_twice(self.classes)
        if len(self.calibration) != len(self.classes):
            raise ValueError(f"{len(self.classes)} classes need as many calibrations, not {len(self.calibration)}")
        return self


class MapOutputSpec(_Part):
    """Log-odds of where it is seen, N × rows × columns."""

    name: _Name
    kind: Literal["logit"]
    calibration: CalibrationSpec


class Manifest(_Part):
    """A parsed manifest."""

    name: _Name
    version: _Name
    file: Annotated[str, Field(pattern=r"^[^/\\]+\.onnx$")]
    """Name of the model file, in the manifest's own folder."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    variants: dict[Literal["int8", "fp16"], FileSpec] = Field(default_factory=dict)
    """Other files of the same network, with the same input, outputs and calibration."""
    input: InputSpec
    output: OutputSpec
    classes: Annotated[tuple[_Name, ...], Field(min_length=1)]
    """What the output's columns stand for, in their order; of an output of one number, its name."""
    gore: tuple[str, ...] = ()
    """Which of `classes` count as gore; needed where there is more than one."""
    calibration: CalibrationSpec
    class_output: ClassOutputSpec | None = None
    map_output: MapOutputSpec | None = None
    licence: str
    metrics: dict[str, JsonValue] = Field(default_factory=dict)
    """What was measured when the model was made, as its card explains."""

    @model_validator(mode="after")
    def _classes_fit_the_kind(self) -> Self:
        kind = self.output.kind
        _refuse_twice(self.classes)
        _refuse_twice(self.gore)
        if unknown := [name for name in self.gore if name not in self.classes]:
            raise ValueError(f"gore names {unknown[0]!r}, which is none of the classes {', '.join(self.classes)}")
        if kind not in VECTORS and len(self.classes) != 1:
            raise ValueError(f"an output of kind {kind} is one number, so classes must be one name")
        if kind in VECTORS and not self.gore:
            raise ValueError(f"an output of kind {kind} needs gore: which of its classes count as gore")
        if kind in ("logits", "probabilities") and len(self.gore) == len(self.classes):
            raise ValueError("gore names every class, so that it would always be certain: leave out what is no gore")
        return self

    @property
    def gore_columns(self) -> tuple[int, ...]:
        """Places in `classes` of what counts as gore."""
        return tuple(self.classes.index(name) for name in self.gore or self.classes)

    def file_of(self, variant: Variant) -> FileSpec | None:
        """The file of a variant; None where there is none."""
        return FileSpec(file=self.file, sha256=self.sha256) if variant == "fp32" else self.variants.get(variant)


def shipped_manifest_path() -> Path:
    """The manifest of the detector that is installed with the program."""
    return Path(str(files("inference").joinpath("models", _SHIPPED)))


def manifest_path(path: Path) -> Path:
    """The manifest that `path` means: itself, or the .json beside a .onnx.

    Raises `ModelError` when `path` is neither.
    """
    if path.suffix == ".json":
        return path
    if path.suffix == ".onnx":
        return path.with_suffix(".json")
    raise ModelError(f"{path} is no model: give a .onnx file or the .json manifest beside it.")


def read_manifest(path: Path) -> Manifest:
    """Read and validate the manifest at `path`.

    Raises `ModelError` when it cannot be read or says something that this program cannot use.
    """
    raw = _read(path, _MAX_MANIFEST_BYTES, "a model needs its .json manifest beside the .onnx")
    try:
        return Manifest.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        reason = first["msg"].removeprefix("Value error, ")
        raise ModelError(f"The model manifest {path} cannot be used: {where}: {reason}.") from error


def read_model(manifest: Manifest, folder: Path, variant: Variant = "fp32") -> bytes:
    """The bytes of a variant's file in `folder`, whose hash is the manifest's.

    Raises `ModelError` when the manifest names none, and when the file is missing or is another than the manifest
    describes. Callers build their session from these bytes, not from the path, so that what was checked is what runs.
    """
    spec = manifest.file_of(variant)
    if spec is None:
        names = ", ".join(["fp32", *manifest.variants])
        raise ModelError(f"The model {manifest.name} has no variant {variant}; use one of auto, {names}.")
    path = folder / spec.file
    content = _read(path, _MAX_MODEL_BYTES, "put the model file beside its manifest")
    found = hashlib.sha256(content).hexdigest()
    if found != spec.sha256:
        raise ModelError(
            f"The model file {path} is not the one its manifest describes (sha256 {found[:12]}…, expected "
            f"{spec.sha256[:12]}…, {len(content)} bytes); it was changed or cut short: install it again."
        )
    return content


def _refuse_twice(names: tuple[str, ...]) -> None:
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"the name {twice[0]!r} stands twice")


def _read(path: Path, max_bytes: int, advice: str) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise ModelError(f"The file {path} cannot be read ({error.strerror or error}); {advice}.") from error
    if len(content) > max_bytes:
        raise ModelError(f"The file {path} is larger than {max_bytes} bytes and was not read; {advice}.")
    return content
