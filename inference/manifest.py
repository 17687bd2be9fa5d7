"""A model's manifest: the JSON beside the .onnx that says what the file is, what it takes and what it gives.

{"name": "gore-lite0", "version": "1", "file": "gore-lite0.onnx", "sha256": "…",
 "input": {"name": "frames", "layout": "NHWC", "dtype": "uint8", "width": 224, "height": 224, "color": "RGB"},
 "output": {"name": "logit", "kind": "logit"}, "classes": ["gore"],
 "calibration": {"method": "platt", "scale": 1.0, "offset": 0.0}, "licence": "…", "metrics": {…}}
"""

import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from inference.calibrate import Platt

_SHIPPED = "gore-lite0.json"
_MAX_MANIFEST_BYTES = 1 << 20
_MAX_MODEL_BYTES = 1 << 30
_MAX_SIDE_PX = 4096


class ModelError(Exception):
    """A model that cannot be used. `str()` is one line that names the file and says what to do about it."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class InputSpec(_Part):
    """What the network takes: a batch of pictures, N × height × width × 3, uint8, RGB."""

    name: str
    layout: Literal["NHWC"]
    dtype: Literal["uint8"]
    width: Annotated[int, Field(ge=1, le=_MAX_SIDE_PX)]
    """Pixels."""
    height: Annotated[int, Field(ge=1, le=_MAX_SIDE_PX)]
    """Pixels."""
    color: Literal["RGB"]


class OutputSpec(_Part):
    """What the network gives: one number a picture."""

    name: str
    kind: Literal["logit"]


class CalibrationSpec(_Part):
    """How a logit becomes a probability."""

    method: Literal["platt"]
    scale: Annotated[float, Field(gt=0.0)]
    offset: float

    @property
    def platt(self) -> Platt:
        return Platt(self.scale, self.offset)


class Manifest(_Part):
    """A parsed manifest."""

    name: Annotated[str, Field(min_length=1)]
    version: Annotated[str, Field(min_length=1)]
    file: Annotated[str, Field(pattern=r"^[^/\\]+\.onnx$")]
    """Name of the model file, in the manifest's own folder."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    input: InputSpec
    output: OutputSpec
    classes: Annotated[tuple[str, ...], Field(min_length=1, max_length=1)]
    calibration: CalibrationSpec
    licence: str
    metrics: dict[str, JsonValue] = Field(default_factory=dict)
    """What was measured when the model was made, as its card explains."""


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
        raise ModelError(f"The model manifest {path} cannot be used: {where}: {first['msg']}.") from error


def read_model(manifest: Manifest, folder: Path) -> bytes:
    """The bytes of the model file in `folder`, whose hash is the manifest's.

    Raises `ModelError` when it is missing or is another file than the manifest describes. Callers build their session
    from these bytes, not from the path, so that what was checked is what runs.
    """
    path = folder / manifest.file
    content = _read(path, _MAX_MODEL_BYTES, "put the model file beside its manifest")
    found = hashlib.sha256(content).hexdigest()
    if found != manifest.sha256:
        raise ModelError(
            f"The model file {path} is not the one its manifest describes (sha256 {found[:12]}…, expected "
            f"{manifest.sha256[:12]}…, {len(content)} bytes); it was changed or cut short: install it again."
        )
    return content


def _read(path: Path, max_bytes: int, advice: str) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise ModelError(f"The file {path} cannot be read ({error.strerror or error}); {advice}.") from error
    if len(content) > max_bytes:
        raise ModelError(f"The file {path} is larger than {max_bytes} bytes and was not read; {advice}.")
    return content
