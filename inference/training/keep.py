"""Trained tails kept between runs, as plain arrays: a run that was cut short goes on where it was."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from inference.training.network import Tail


def kept_tail(scratch: Path, recipe: Sequence[object], blank: Callable[[], Tail], train: Callable[[], Tail]) -> Tail:
    """The tail that was trained by the same recipe before, or else `train()`, which is then kept.

    `recipe` is all that the result depends on, each with a telling `repr`.
    """
    path = scratch / f"tail-{hashlib.sha256(repr(tuple(recipe)).encode()).hexdigest()[:24]}.npz"
    if path.exists():
        tail = blank()
        with np.load(path, allow_pickle=False) as arrays:
            tail.load_state_dict({name: torch.from_numpy(arrays[name]) for name in arrays.files})
        tail.eval()
        return tail
    tail = train()
    unfinished = path.with_suffix(".part.npz")
    np.savez(unfinished, **{name: values.numpy() for name, values in tail.state_dict().items()})
    unfinished.replace(path)
    return tail
