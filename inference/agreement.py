"""How far a variant of a detector is from its reference, and how far it may be."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from inference.calibrate import Floats

THRESHOLD = 0.5
"""A picture that is on the other side of it for the variant has flipped."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of the probabilities of N pictures, by two variants of one detector."""

    pictures: int
    mean: float
    """Of |Δprob|, as the next two."""
    p99: float
    largest: float
    flips: float
    """Share of the pictures."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Beyond these a variant does not ship."""

    p99: float
    flips: float

    def exceeded(self, found: Agreement) -> tuple[str, ...]:
        """What is beyond, each as a phrase; nothing where the variant may ship."""
        wrong = []
        if not found.p99 <= self.p99:
            wrong.append(f"p99 of |Δprob| is {found.p99:.4f}, over {self.p99:g}")
        if not found.flips <= self.flips:
            wrong.append(f"{found.flips:.2%} of the pictures flip at {THRESHOLD:g}, over {self.flips:.0%}")
        return tuple(wrong)


LIMITS: dict[Literal["int8", "fp16"], Limits] = {
    "int8": Limits(p99=0.05, flips=0.01),
    "fp16": Limits(p99=0.01, flips=0.01),
}


def agreement(reference: Floats, variant: Floats) -> Agreement:
    """Compare two arrays of probabilities, float32 N, of the same pictures in the same order.

    Raises `ValueError` where they are not of one length, are empty, or hold anything but numbers from 0 to 1.
    """
    for prob in (reference, variant):
        if prob.ndim != 1 or not ((prob >= 0.0) & (prob <= 1.0)).all():
            raise ValueError("probabilities must be one row of numbers from 0 to 1")
    if reference.shape != variant.shape or not len(reference):
        raise ValueError(f"{len(reference)} and {len(variant)} probabilities cannot be compared")
    apart = np.abs(reference.astype(np.float64) - variant)
    flipped = (reference >= THRESHOLD) != (variant >= THRESHOLD)
    return Agreement(
        pictures=len(apart),
        mean=float(apart.mean()),
        p99=float(np.quantile(apart, 0.99)),
        largest=float(apart.max()),
        flips=float(flipped.mean()),
    )
