"""`gorewatch bench score`: how many pictures a second the detector scores, and what our part of that costs.

- `images_per_s`: by variant and batch size, with the number of threads that is best for it; `by_threads` has them all.
- `vs_session`: pictures a second of `Model.score` over a bare loop of ONNX Runtime's session on the same file with the
  same options, the lowest of all batch sizes and variants; `vs_session_by` has them all. By CPU time on a CPU.
- `int8_vs_fp32`: pictures a CPU-second of int8 over fp32, one at a time, in interleaved rounds.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

from inference.model import Model

from ..configuration import load_settings
from .cases import Case, Turns, bare_loop, batch_sizes, cases, noise, ratio, thread_counts, variants
from .measure import processor_flags, report, say

_INTEGER_FLAGS = ("avx2", "avx_vnni", "avx512_vnni")
"""What makes 8-bit arithmetic quick, the last two most."""
_QUICK_CASE_S, _CASE_S = 0.3, 3.0


def main(*, seconds: float | None, quick: bool) -> None:
    """Measure and print; `seconds` is how long all cases take together (default 3 each, quick 0.3 each)."""
    settings = load_settings()
    report("score", measure(settings.model, settings.provider, seconds=seconds, quick=quick))


def measure(path: Path | None, provider: str, *, seconds: float | None, quick: bool) -> dict[str, object]:
    """The figures of the model at `path`; None is the one that ships. Raises `ModelError` where it cannot be used."""
    models = _load(path, provider)
    device = models[0].provider
    counts, batches = thread_counts(device, os.cpu_count() or 1), batch_sizes(device)
    each_s = _QUICK_CASE_S if quick else _CASE_S
    if seconds is not None:
        each_s = seconds / (len(models) * len(counts) * len(batches))
    found = list(cases(models, counts, batches, each_s, say))
    turns = Turns(rounds=3, turn_s=0.05) if quick else Turns(rounds=9, turn_s=0.2)
    against = _against_session(path, models, turns)
    figures = {
        "images_per_s": _best(found),
        "vs_session": min(value for by_batch in against.values() for value in by_batch.values()),
        "provider": device,
        "int8_vs_fp32": _int8_vs_fp32(models, turns),
        "vs_session_by": against,
        "by_threads": [
            {"variant": c.variant, "threads": c.threads, "batch": c.batch, "images_per_s": c.images_per_s, "ms": c.ms}
            for c in found
        ],
        "processor_flags": processor_flags(_INTEGER_FLAGS),
    }
    for model in models:
        model.close()
    return figures


def _load(path: Path | None, provider: str) -> list[Model]:
    """The fp32 reference first, where `provider` leads to, and what else is made for that."""
    reference = Model.load(path, provider=provider, variant="fp32")
    rest = variants(reference.manifest, reference.provider)[1:]
    return [reference, *(Model.load(path, provider=reference.provider, variant=name) for name in rest)]


def _against_session(path: Path | None, models: list[Model], turns: Turns) -> dict[str, dict[str, float]]:
    """`Model.score` over the bare loop, by variant and batch size."""
    found: dict[str, dict[str, float]] = {}
    for model in models:
        for batch in batch_sizes(model.provider):
            say(f"{model.variant}, batches of {batch}, against the bare session …")
            ours = _score(model, batch)
            against = ratio(ours, bare_loop(path, model, batch), turns, _clock(model))
            found.setdefault(model.variant, {})[str(batch)] = against
    return found


def _best(found: list[Case]) -> dict[str, dict[str, float]]:
    best: dict[str, dict[str, float]] = {}
    for case in found:
        by_batch = best.setdefault(case.variant, {})
        by_batch[str(case.batch)] = max(by_batch.get(str(case.batch), 0.0), case.images_per_s)
    return best


def _int8_vs_fp32(models: list[Model], turns: Turns) -> float | None:
    """None where there is no int8."""
    by_variant = {model.variant: model for model in models}
    if "int8" not in by_variant:
        return None
    say("int8 against fp32 …")
    int8, fp32 = (_score(by_variant[name], 1) for name in ("int8", "fp32"))
    return ratio(int8, fp32, turns, time.process_time)


def _score(model: Model, size: int) -> Callable[[], object]:
    batch = noise(model.manifest, size)
    return lambda: model.score(batch)


def _clock(model: Model) -> Callable[[], float]:
    """CPU time, which others on the machine disturb least; but a GPU's work is no CPU time."""
    return time.process_time if model.provider == "cpu" else time.perf_counter
