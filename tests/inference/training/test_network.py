"""The network to train is the published one, only folded; and its head gives what it says."""

from tests.inference.training.needs import need_training

need_training()

import numpy as np
import pytest
import torch
from efficientnet_lite_pytorch import EfficientNet

from inference.training.network import TRUNK_BLOCKS, Detector, Pooling, Tail, Trunk, backbone, pooled, shipped_backbone
from inference.training.targets import CELLS, CLASSES
from inference.training.variants import LARGEST_BYTES


@pytest.fixture(scope="module")
def published() -> torch.nn.Module:
    return backbone()


def frames(count: int, side: int) -> torch.Tensor:
    """Pictures of coarse noise."""
    rng = np.random.default_rng(side)
    coarse = rng.integers(0, 256, (count, side // 10 + 1, side // 10 + 1, 3), dtype=np.uint8)
    return torch.from_numpy(coarse.repeat(10, axis=1).repeat(10, axis=2)[:, :side, :side])


@pytest.mark.parametrize("side", [224, 150])
def test_folding_changes_no_feature(published: torch.nn.Module, side: int) -> None:
    # The published one is made for one size; 150 is odd after the first halving.
    sized = EfficientNet.from_name("efficientnet-lite0", image_size=side).eval()
    sized.load_state_dict(published.state_dict())
    tail = Tail(published).eval()
    shown = frames(2, side)
    with torch.no_grad():
        wanted = sized.extract_features((shown.permute(0, 3, 1, 2).float() - 127.0) / 128.0)
        found = torch.nn.functional.relu6(tail.widen(tail.blocks(Trunk(published)(shown))))
    assert wanted.max() > 1.0
    assert found.numpy() == pytest.approx(wanted.numpy(), abs=1e-4)


@pytest.mark.parametrize("blocks", [0, 3, 5, 11, 16])
def test_it_can_be_cut_anywhere(published: torch.nn.Module, blocks: int) -> None:
    shown = frames(1, 64)
    with torch.no_grad():
        whole = Tail(published, blocks=5).eval()
        cut = Tail(published, blocks=blocks).eval()
        cut.cell.load_state_dict(whole.cell.state_dict())
        cut.whole.load_state_dict(whole.whole.state_dict())
        wanted = whole(Trunk(published, 5)(shown))
        found = cut(Trunk(published, blocks)(shown))
    for one, other in zip(found, wanted, strict=True):
        assert one.numpy() == pytest.approx(other.numpy(), abs=1e-5)


@pytest.mark.parametrize("count", [1, 3])
def test_shapes(count: int) -> None:
    network = shipped_backbone()
    trunk = Trunk(network)
    with torch.no_grad():
        cells = trunk(frames(count, 224))
        gore, classes, regions = Detector(trunk, Tail(network)).eval()(frames(count, 224))
    assert cells.shape == (count, 112, 14, 14)
    assert gore.shape == (count,)
    assert classes.shape == (count, len(CLASSES))
    assert regions.shape == (count, CELLS, CELLS)


def test_what_ships_is_the_published_network_without_one_block() -> None:
    whole, shipped = backbone(1), shipped_backbone()
    assert len(shipped._blocks) == len(whole._blocks) - 1
    with torch.no_grad():
        shown = frames(1, 64)
        assert torch.equal(Trunk(shipped)(shown), Trunk(whole, TRUNK_BLOCKS)(shown))
    detector = Detector(Trunk(shipped), Tail(shipped))
    assert sum(weights.numel() * 4 for weights in detector.parameters()) < LARGEST_BYTES


def test_a_block_that_the_next_one_needs_cannot_be_left_out() -> None:
    with pytest.raises(ValueError, match="block 15 is no residual block"):
        backbone(1, without=(15,))


def test_before_training_it_says_neither_yes_nor_no(published: torch.nn.Module) -> None:
    with torch.no_grad():
        gore, classes, regions = Detector(Trunk(published), Tail(published)).eval()(frames(2, 224))
    for logits in (gore, classes, regions):
        assert float(logits.abs().max()) < 3.0


def test_a_picture_scores_the_same_alone_and_in_a_batch(published: torch.nn.Module) -> None:
    detector = Detector(Trunk(published), Tail(published)).eval()
    shown = frames(3, 96)
    with torch.no_grad():
        together = detector(shown)[0]
        alone = torch.cat([detector(shown[index : index + 1])[0] for index in range(3)])
    assert alone.numpy() == pytest.approx(together.numpy(), abs=1e-5)


@pytest.mark.parametrize(
    ("pooling", "wanted"),
    [
        ("mean", 6.0 / 8.0),
        ("top1", 4.0),
        ("top4", 10.0 / 4.0),
        ("lse", float(np.log(np.mean(np.exp([4, 3, 2, 1, 0, 0, -2, -2]))))),
    ],
)
def test_pooling(pooling: Pooling, wanted: float) -> None:
    regions = torch.tensor([[[4.0, -2.0, 0.0, 3.0, 1.0, 2.0, 0.0, -2.0], [5.0] * 8]])
    found = pooled(regions, pooling)
    assert found.shape == (1, 2)
    assert float(found[0, 0]) == pytest.approx(wanted, abs=1e-6)
    # Where all cells agree every pooling says what they say.
    assert float(found[0, 1]) == pytest.approx(5.0, abs=1e-5)


@pytest.mark.parametrize("pooling", ["mean", "top1", "top4", "lse"])
def test_every_pooling_makes_a_tail(published: torch.nn.Module, pooling: Pooling) -> None:
    tail = Tail(published, blocks=15, pooling=pooling).eval()
    with torch.no_grad():
        gore, classes, regions = tail(torch.ones(2, 192, 7, 7))
    assert (gore.shape, classes.shape, regions.shape) == ((2,), (2, len(CLASSES)), (2, CELLS, CELLS))
