"""The int8 and fp16 files beside a reference, each measured against it before it may ship."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import onnx

from inference.agreement import LIMITS, Agreement, Limits, agreement
from inference.calibrate import Calibration, Floats, Platt
from inference.training.halve import write_fp16
from inference.training.quantise import outputs, write_int8
from inference.training.watch import Frames

Kind = Literal["int8", "fp16"]
LARGEST_BYTES = 16_000_000
_MARGIN = 0.9
"""Other pictures than these come: layers are left in float until a variant is this far within its limits."""


@dataclass(frozen=True, slots=True)
class VariantFacts:
    """A variant that was made, and what was found."""

    file: str
    """Name, in the folder of the reference; the file is there only if `ships`."""
    sha256: str
    bytes: int
    agreement: Agreement
    """With the reference, over the first of the sets held out."""
    faults: tuple[str, ...]
    """Why it does not ship, each a phrase."""

    @property
    def ships(self) -> bool:
        return not self.faults


def write_variants(
    reference: Path,
    calibration: Iterable[Frames],
    held_out: Sequence[Frames],
    *,
    output: str = "logit",
    curve: Calibration | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> dict[Kind, VariantFacts]:
    """Write NAME.int8.onnx and NAME.fp16.onnx beside `reference`, the fp32 network NAME.onnx.

    `calibration` are batches of training pictures, uint8 N × H × W × 3, that activations are measured on; `held_out`
    are sets of others, over each of which the variants are compared with the reference: the probabilities that `curve`
    (a plain sigmoid unless given) makes of `output`, one logit a picture. A variant beyond its limits over any set, or
    larger than 16 MB, is deleted and its faults told; its agreement is that over the first. Raises `ValueError` as
    `write_int8` does, and where nothing is held out, or a set is empty.
    """
    if not held_out or not all(map(len, held_out)):
        raise ValueError("variants are compared over pictures that are held out, but there are none")
    compared = [_Compared(reference, frames, output, curve or Platt()) for frames in held_out]
    files: dict[Kind, Path] = {kind: reference.with_suffix(f".{kind}.onnx") for kind in LIMITS}
    closer = Limits(p99=LIMITS["int8"].p99 * _MARGIN, flips=LIMITS["int8"].flips * _MARGIN)
    write_int8(
        reference,
        files["int8"],
        calibration,
        accepts=lambda model: not any(closer.exceeded(each.with_reference(model)) for each in compared),
        say=say,
    )
    write_fp16(reference, files["fp16"])
    facts = {
        kind: _facts(file, [each.with_reference(onnx.load(file)) for each in compared], LIMITS[kind])
        for kind, file in files.items()
    }
    for kind, found in facts.items():
        say(f"{kind}: {', '.join(found.faults) if found.faults else 'ships'}: {found.agreement}")
        if not found.ships:
            files[kind].unlink()
    return facts


class _Compared:
    """The probabilities of the reference, to compare others with."""

    def __init__(self, reference: Path, frames: Frames, output: str, curve: Calibration) -> None:
        self._frames = frames
        self._output, self._curve = output, curve
        self._wanted = self._prob(onnx.load(reference))

    def with_reference(self, model: onnx.ModelProto) -> Agreement:
        return agreement(self._wanted, self._prob(model))

    def _prob(self, model: onnx.ModelProto) -> Floats:
        names = [output.name for output in model.graph.output]
        return self._curve.probability(outputs(model, self._frames)[names.index(self._output)])


def _facts(file: Path, found: Sequence[Agreement], limits: Limits) -> VariantFacts:
    content = file.read_bytes()
    faults = tuple(fault for each in found for fault in limits.exceeded(each))
    if len(content) > LARGEST_BYTES:
        faults += (f"it has {len(content) / 1e6:.1f} MB, over {LARGEST_BYTES / 1e6:.0f}",)
    return VariantFacts(file.name, hashlib.sha256(content).hexdigest(), len(content), found[0], faults)
