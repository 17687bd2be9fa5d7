"""Tails of the comparison: each trains what its name says, and what was trained is kept."""

from tests.inference.training.needs import need_training

need_training()

import numpy as np
import pytest
import torch

from inference.training.comparison.tails import DEPTHS
from inference.training.features import Shown
from inference.training.network import Tail, backbone
from inference.training.train import train_tail


@pytest.mark.parametrize(("depth", "blocks"), [(0, 0), (1, 4), (2, 8), (3, 11)])
def test_as_many_blocks_are_trained_as_the_name_says(depth: int, blocks: int) -> None:
    case = DEPTHS[depth]
    rng = np.random.default_rng(0)
    shown = Shown(
        rng.normal(0.0, 1.0, (64, 40, 28, 28)).astype(np.float16),
        np.arange(64) % 2 == 0,
        np.full((64, 5), np.nan, np.float32),
        np.full((64, 7, 7), np.nan, np.float32),
    )
    network = backbone(0)
    before = Tail(network, blocks=case.recipe.trunk_blocks)
    after = train_tail(network, [(shown, np.arange(64))], case.recipe, seed=1, label=case.name)
    changed = [
        any(not torch.equal(one, other) for one, other in zip(old.parameters(), new.parameters(), strict=True))
        for old, new in zip(before.blocks, after.blocks, strict=True)
    ]
    assert changed == [False] * (11 - blocks) + [True] * blocks
