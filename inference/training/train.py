"""Training of the tail on the trunk's stored output."""

import copy
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from inference.training.features import Cells, Shown
from inference.training.network import Pooling, Tail

Logits = npt.NDArray[np.float32]
Rows = npt.NDArray[np.intp]

_BATCH = 64
_WEIGHT_DECAY = 0.02
_SMOOTHING = 0.02
_WARM_UP_SHARE = 0.08
_AVERAGE_DECAY = 0.99
_CLASS_WEIGHT, _CELL_WEIGHT = 0.3, 0.4
_MIXED_SHARE, _MIXED_BETA = 0.15, 0.3
_SPARE = 0.5
"""Of the rate of the last blocks, for those before them."""
_LAST_BLOCKS = 5


@dataclass(frozen=True, slots=True)
class Recipe:
    """What can be chosen about a training."""

    trunk_blocks: int
    pooling: Pooling = "top4"
    head_rate: float = 2e-3
    tail_rate: float = 3e-4
    cells: bool = True
    """Whether the map learns where things laid over a picture are."""
    frozen: int = 0
    """Blocks of the tail that stay as they were, after those of the trunk."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of `Shown` as tensors."""

    cells: torch.Tensor
    gore: torch.Tensor
    classes: torch.Tensor
    map: torch.Tensor


def train_tail(
    network: nn.Module, passes: Sequence[tuple[Shown, Rows]], recipe: Recipe, *, seed: int, label: str
) -> Tail:
    """A tail that begins with the backbone's weights and is shown the given rows of each pass once, in a seeded order.

    The running average of its weights is what is returned. `network` itself stays as it was.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    tail = Tail(network, blocks=recipe.trunk_blocks, pooling=recipe.pooling).to(memory_format=torch.channels_last)
    tail.train()
    averaged: Tail = copy.deepcopy(tail).eval()
    optimiser = _optimiser(tail, recipe)
    steps = sum(len(rows) // _BATCH for _, rows in passes)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step / max(steps, 1)))
    step, total = 0, 0.0
    for shown, rows in passes:
        order = rows[rng.permutation(len(rows))]
        for at in range(0, len(order) - _BATCH + 1, _BATCH):
            loss = _loss(tail, _mixed(_tensors(shown, order[at : at + _BATCH]), rng), recipe)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(tail.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            step += 1
            _average(averaged, tail, min(_AVERAGE_DECAY, step / (step + 9)))
            total += float(loss.detach())
            if step % 20 == 0:
                sys.stderr.write(f"\r{label}: step {step} of {steps}, loss {total / 20:.4f} ")
                total = 0.0
    sys.stderr.write("\n")
    return averaged


@dataclass(frozen=True, slots=True)
class Predicted:
    """A tail's logits for views: N, N × classes and N × 7 × 7."""

    gore: Logits
    classes: Logits
    map: Logits


def predict(tail: Tail, cells: Cells) -> Predicted:
    """The logits of stored views, of which there may be none."""
    with torch.no_grad():
        parts = [tail(_tensor(cells[at : at + _BATCH])) for at in range(0, max(len(cells), 1), _BATCH)]
    gore, classes, regions = (
        np.concatenate([part[index].numpy() for part in parts]).astype(np.float32) for index in range(3)
    )
    return Predicted(gore, classes, regions)


def _optimiser(tail: Tail, recipe: Recipe) -> torch.optim.Optimizer:
    head = [*tail.cell.parameters(), *tail.whole.parameters()]
    tail.blocks[: recipe.frozen].requires_grad_(False)
    split = max(len(tail.blocks) - _LAST_BLOCKS, recipe.frozen)
    last = [*tail.blocks[split:].parameters(), *tail.widen.parameters()]
    groups = [{"params": head, "lr": recipe.head_rate}]
    if recipe.tail_rate:
        early = [*tail.blocks[recipe.frozen : split].parameters()]
        groups += [{"params": last, "lr": recipe.tail_rate}, {"params": early, "lr": recipe.tail_rate * _SPARE}]
    else:
        for parameter in (*tail.blocks.parameters(), *tail.widen.parameters()):
            parameter.requires_grad_(False)
    return torch.optim.AdamW([group for group in groups if group["params"]], weight_decay=_WEIGHT_DECAY)


def _loss(tail: Tail, batch: Batch, recipe: Recipe) -> torch.Tensor:
    logits, classes, regions = tail(batch.cells)
    smoothed = batch.gore * (1.0 - 2.0 * _SMOOTHING) + _SMOOTHING
    loss = nn.functional.binary_cross_entropy_with_logits(logits, smoothed)
    loss = loss + _CLASS_WEIGHT * _known(classes, batch.classes)
    return loss + _CELL_WEIGHT * _balanced(regions, batch.map) if recipe.cells else loss


def _known(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross entropy over the targets that are known."""
    known = ~torch.isnan(targets)
    if not bool(known.any()):
        return logits.sum() * 0.0
    return nn.functional.binary_cross_entropy_with_logits(logits[known], targets[known])


def _balanced(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross entropy over known cells, those with gore counting as much together as the many without."""
    return (
        _known(logits, targets.where(targets == 1.0, torch.nan))
        + _known(logits, targets.where(targets == 0.0, torch.nan))
    ) / 2.0


def _mixed(batch: Batch, rng: np.random.Generator) -> Batch:
    """Now and then each row blended with its neighbour (mixup, Zhang et al. 2018); where things are is then unknown."""
    if rng.random() >= _MIXED_SHARE:
        return batch
    share = float(rng.beta(_MIXED_BETA, _MIXED_BETA))

    def blend(values: torch.Tensor) -> torch.Tensor:
        return share * values + (1.0 - share) * values.roll(1, 0)

    return Batch(blend(batch.cells), blend(batch.gore), blend(batch.classes), torch.full_like(batch.map, torch.nan))


def _tensors(shown: Shown, rows: Rows) -> Batch:
    ordered = np.sort(rows)  # the disk is read forwards
    gore = torch.from_numpy(shown.gore[ordered].astype(np.float32))
    return Batch(
        _tensor(shown.cells[ordered]),
        gore,
        torch.from_numpy(shown.classes[ordered]),
        torch.from_numpy(shown.map[ordered]),
    )


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
