"""What scoring is measured on: one variant of the model at a batch size and a number of threads."""

import math
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from inference.manifest import Manifest, Variant, manifest_path, read_model, shipped_manifest_path
from inference.model import Device, Model
from inference.network import BATCH_BUCKETS, output_names
from inference.session import open_session

_CPU_BATCHES = (1, 4, 16, 64)
_LEAST_CALLS = 3

_Batch = npt.NDArray[np.uint8]
_Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Case:
    """Model.score, called again and again by so many threads, each with a batch of its own."""

    variant: Variant
    threads: int
    batch: int
    images_per_s: float
    ms: float
    """Of one call, the median."""


def variants(manifest: Manifest, provider: Device) -> tuple[Variant, ...]:
    """Those that are worth measuring there: int8 is for CPUs, fp16 for GPUs."""
    wanted: Variant = "int8" if provider == "cpu" else "fp16"
    return ("fp32", wanted) if wanted in manifest.variants else ("fp32",)


def thread_counts(provider: Device, cpus: int) -> tuple[int, ...]:
    """1, 2, 4 … and all; one on a GPU, whose session one thread owns."""
    if provider != "cpu":
        return (1,)
    return (*(2**power for power in range(cpus.bit_length()) if 2**power < cpus), cpus)


def batch_sizes(provider: Device) -> tuple[int, ...]:
    """On a GPU every size that one is given."""
    return _CPU_BATCHES if provider == "cpu" else BATCH_BUCKETS


def cases(
    models: Sequence[Model], counts: Sequence[int], batches: Sequence[int], seconds: float, told: Callable[[str], None]
) -> Iterator[Case]:
    """Measure every combination, each for that long."""
    for model in models:
        for count in counts:
            for batch in batches:
                told(f"{model.variant}, {count} threads, batches of {batch} …")
                yield _case(model, count, batch, seconds)


def _case(model: Model, count: int, size: int, seconds: float) -> Case:
    batch = noise(model.manifest, size)
    model.score(batch)
    took: list[list[float]] = [[] for _ in range(count)]
    started_s = time.perf_counter()

    def work(spent: list[float]) -> None:
        while (begun_s := time.perf_counter()) < started_s + seconds or len(spent) < _LEAST_CALLS:
            model.score(batch)
            spent.append(time.perf_counter() - begun_s)

    threads = [threading.Thread(target=work, args=(spent,)) for spent in took[1:]]
    for thread in threads:
        thread.start()
    work(took[0])  # this thread owns the model: a GPU's session belongs to it
    for thread in threads:
        thread.join()
    elapsed_s = time.perf_counter() - started_s
    calls = [call for spent in took for call in spent]
    rate = len(calls) * size / elapsed_s
    return Case(model.variant, count, size, round(rate, 1), round(statistics.median(calls) * 1000.0, 2))


def noise(manifest: Manifest, size: int) -> _Batch:
    shape = (size, manifest.input.height, manifest.input.width, 3)
    return np.random.default_rng(size).integers(0, 256, shape, np.uint8)


def bare_loop(path: Path | None, model: Model, size: int) -> _Work:
    """One call of ONNX Runtime's own session on the file and with the options that `model` has."""
    source = shipped_manifest_path() if path is None else manifest_path(path)
    manifest = model.manifest
    content = read_model(manifest, source.parent, model.variant)
    session, _ = open_session(content, model.provider, source)
    fed = {manifest.input.name: manifest.input.preparation.apply(noise(manifest, size))}
    names = output_names(manifest)
    return lambda: session.run(names, fed)


@dataclass(frozen=True, slots=True)
class Turns:
    """How two things are compared: in turns, each of so long that the machine's moods last longer."""

    rounds: int
    turn_s: float


def ratio(one: _Work, other: _Work, turns: Turns, clock: Callable[[], float]) -> float:
    """How often `one` is done in the time of `other`, by `clock`: the median of interleaved rounds."""
    one()
    other()
    calls = max(_LEAST_CALLS, math.ceil(turns.turn_s / max(_spent(other, 1, clock), 1e-6)))
    found = []
    for number in range(turns.rounds):
        # Whoever comes second finds the machine warmer: they take turns.
        first, second = (one, other) if number % 2 else (other, one)
        spent_first, spent_second = _spent(first, calls, clock), _spent(second, calls, clock)
        spent_one, spent_other = (spent_first, spent_second) if number % 2 else (spent_second, spent_first)
        found.append(spent_other / spent_one)
    return round(statistics.median(found), 3)


def _spent(work: _Work, calls: int, clock: Callable[[], float]) -> float:
    before = clock()
    for _ in range(calls):
        work()
    return clock() - before
