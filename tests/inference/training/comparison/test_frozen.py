"""Frozen backbones at several input sizes: the exported file gives what torch gives."""

from tests.inference.training.needs import need_training

need_training()

from pathlib import Path

import numpy as np
import pytest
import torch

from inference.training.comparison.frozen import Backbone, Pooled, cost, exported, session
from inference.training.network import backbone


@pytest.mark.parametrize("side_px", [224, 260])
def test_features_are_the_same_at_any_input_size(side_px: int, tmp_path: Path) -> None:
    path = exported(Backbone(0, side_px), tmp_path)
    frames = np.random.default_rng(0).integers(0, 256, (3, side_px, side_px, 3), dtype=np.uint8)
    (found,) = session(path).run(None, {"frames": frames})
    with torch.no_grad():
        wanted = Pooled(backbone(0)).eval()(torch.from_numpy(frames)).numpy()
    assert found.shape == (3, 1280)
    assert float(np.abs(found - wanted).max()) < 1e-3
    # The same picture alone is the same: nothing depends on its neighbours.
    assert float(np.abs(session(path).run(None, {"frames": frames[1:2]})[0] - found[1:2]).max()) < 1e-3


def test_a_picture_costs_time_and_the_file_megabytes(tmp_path: Path) -> None:
    found = cost(exported(Backbone(0, 224), tmp_path), 224)
    assert found.ms > 0.0
    assert 12.0 < found.mb < 15.0
