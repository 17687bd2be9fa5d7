"""How the scorer's batches and threads are sized for what the detector runs on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizing:
    """The arguments of `inference.scorer.Scorer` of the same names."""

    max_batch: int
    max_wait_s: float
    threads: int


_GPU = Sizing(max_batch=32, max_wait_s=0.005, threads=1)
"""Larger batches pay on a GPU, and one thread owns it."""
CPU_BATCH = 1
"""Samples that a CPU is given at once: what a network of this size keeps of one picture stays in the processor's cache,
what it keeps of four does not, and costs a tenth more a picture."""


def sizing(provider: str, *, cpus: int) -> Sizing:
    """For `Model.provider` and the processors that scoring may use.

    On a CPU batching loses, so that each sample is a batch; threads of one session scale better than threads inside it.
    """
    if provider != "cpu":
        return _GPU
    return Sizing(max_batch=CPU_BATCH, max_wait_s=0.0, threads=max(1, cpus))
