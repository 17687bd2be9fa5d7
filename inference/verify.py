"""How far the variants of a model are from its fp32 reference, over any pictures."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from inference.agreement import LIMITS, Agreement, agreement
from inference.calibrate import Floats
from inference.manifest import ModelError, Variant
from inference.model import Device, Model

Pixels = npt.NDArray[np.uint8]
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Compared:
    """One variant against the reference."""

    variant: Variant
    file: str
    provider: Device
    """Where it ran; the reference ran on the CPU."""
    agreement: Agreement
    faults: tuple[str, ...]
    """What is beyond the limits, each a phrase."""


class Variants:
    """The reference of a model and all its variants, loaded. To be closed."""

    def __init__(self, path: Path | None, *, provider: str = "auto") -> None:
        """`provider` is for fp16; int8 is for CPUs. Raises `ModelError` where one of them cannot be loaded."""
        self._reference = Model.load(path, provider="cpu", variant="fp32")
        self.manifest = self._reference.manifest
        self._variants: dict[Variant, Model] = {}
        for name in self.manifest.variants:
            where = "cpu" if name == "int8" else provider
            self._variants[name] = Model.load(path, provider=where, variant=name)

    def compare(self, pictures: Iterable[Pixels], told: Callable[[int], None] = lambda _: None) -> tuple[Compared, ...]:
        """Score pictures, uint8 height × width × 3 of the model's size, by all; `told` hears how many more are done.

        Raises `ModelError` when a model fails, and where there is no picture.
        """
        wanted: list[Floats] = []
        found: dict[Variant, list[Floats]] = {name: [] for name in self._variants}
        for batch in _batches(pictures):
            wanted.append(self._reference.score(batch))
            for name, model in self._variants.items():
                found[name].append(model.score(batch))
            told(len(batch))
        if not wanted:
            raise ModelError("There is no picture to compare the variants over; give a folder that holds some.")
        return tuple(self._compared(name, np.concatenate(wanted), np.concatenate(prob)) for name, prob in found.items())

    def close(self) -> None:
        """Give the sessions' memory back. Idempotent."""
        for model in (self._reference, *self._variants.values()):
            model.close()

    def _compared(self, name: Variant, wanted: Floats, found: Floats) -> Compared:
        file = self.manifest.file_of(name)
        assert file is not None, "it was loaded from this file"
        assert name != "fp32", "that is the reference"
        apart = agreement(wanted, found)
        return Compared(name, file.file, self._variants[name].provider, apart, LIMITS[name].exceeded(apart))


def _batches(pictures: Iterable[Pixels]) -> Iterator[Pixels]:
    coming = iter(pictures)
    while some := list(islice(coming, _AT_ONCE)):
        yield np.stack(some)
