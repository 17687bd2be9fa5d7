"""Training of the tail on the trunk's stored output."""

import copy
import sys

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from inference.training.features import Cells
from inference.training.network import Tail

Logits = npt.NDArray[np.float32]

_BATCH = 64
_HEAD_RATE, _TAIL_RATE = 2e-3, 3e-4
_WEIGHT_DECAY = 0.02
_SMOOTHING = 0.02
_WARM_UP_SHARE = 0.08
_AVERAGE_DECAY = 0.99


def train_tail(network: nn.Module, cells: Cells, gore: npt.NDArray[np.bool_], *, seed: int, label: str) -> Tail:
    """A tail that begins with the backbone's weights and is shown each stored view once, in a seeded order.

    The running average of its weights is what is returned. `network` itself stays as it was.
    """
    torch.manual_seed(seed)
    tail = Tail(network).to(memory_format=torch.channels_last).train()
    averaged: Tail = copy.deepcopy(tail).eval()
    head = [*tail.cell.parameters(), *tail.whole.parameters()]
    rest = [*tail.blocks.parameters(), *tail.widen.parameters()]
    optimiser = torch.optim.AdamW(
        [{"params": head, "lr": _HEAD_RATE}, {"params": rest, "lr": _TAIL_RATE}], weight_decay=_WEIGHT_DECAY
    )
    order = np.random.default_rng(seed).permutation(len(cells))
    steps = len(order) // _BATCH
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step / max(steps, 1)))
    targets = torch.from_numpy(gore.astype(np.float32) * (1.0 - 2.0 * _SMOOTHING) + _SMOOTHING)
    total = 0.0
    for step in range(steps):
        chosen = order[step * _BATCH : (step + 1) * _BATCH]
        logits, _ = tail(_tensor(cells[chosen]))
        loss = nn.functional.binary_cross_entropy_with_logits(logits, targets[chosen])
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(tail.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        _average(averaged, tail, min(_AVERAGE_DECAY, (step + 1) / (step + 10)))
        total += float(loss)
        if (step + 1) % 20 == 0:
            sys.stderr.write(f"\r{label}: step {step + 1} of {steps}, loss {total / 20:.4f} ")
            total = 0.0
    sys.stderr.write("\n")
    return averaged


def predict(tail: Tail, cells: Cells) -> Logits:
    """The logits of stored views."""
    with torch.no_grad():
        parts = [tail(_tensor(cells[at : at + _BATCH]))[0].numpy() for at in range(0, len(cells), _BATCH)]
    return np.concatenate(parts).astype(np.float32)


def _tensor(cells: Cells) -> torch.Tensor:
    return torch.from_numpy(cells.astype(np.float32)).contiguous(memory_format=torch.channels_last)


def _rate(done: float) -> float:
    """Linear warm-up, then half a cosine down to nothing."""
    if done < _WARM_UP_SHARE:
        return done / _WARM_UP_SHARE + 1e-3
    return float(0.5 * (1.0 + np.cos(np.pi * (done - _WARM_UP_SHARE) / (1.0 - _WARM_UP_SHARE))))


def _average(averaged: Tail, tail: Tail, decay: float) -> None:
    with torch.no_grad():
        for kept, now in zip(averaged.parameters(), tail.parameters(), strict=True):
            kept.lerp_(now, 1.0 - decay)
