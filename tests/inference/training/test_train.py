"""Training of the tail: it learns from what is told, from nothing else, and the same again from the same seed."""

from tests.inference.training.needs import need_training

need_training()

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
import torch

from inference.training import stains
from inference.training.features import Shown
from inference.training.network import Tail, Trunk, backbone
from inference.training.targets import CELLS, CLASSES
from inference.training.train import Batch, Logits, Recipe, _mixed, predict, train_tail
from tests.inference.training.scenes import scene

RECIPE = Recipe(14)
"""All but two blocks are the trunk, so that a step takes little."""
ROWS = 64
CHANNELS = 192


@pytest.fixture(scope="module")
def published() -> torch.nn.Module:
    return backbone()


@pytest.fixture(scope="module")
def noise() -> Shown:
    """Nothing to be learnt, told in full."""
    rng = np.random.default_rng(3)
    return Shown(
        rng.normal(0.0, 1.0, (ROWS, CHANNELS, CELLS, CELLS)).astype(np.float16),
        rng.random(ROWS) < 0.5,
        (rng.random((ROWS, len(CLASSES))) < 0.5).astype(np.float32),
        (rng.random((ROWS, CELLS, CELLS)) < 0.5).astype(np.float32),
    )


def trained(network: torch.nn.Module, shown: Shown, recipe: Recipe = RECIPE, *, passes: int = 2, seed: int = 1) -> Tail:
    return train_tail(network, [(shown, np.arange(len(shown)))] * passes, recipe, seed=seed, label="test")


def weights(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def same(some: dict[str, torch.Tensor], others: dict[str, torch.Tensor]) -> bool:
    return some.keys() == others.keys() and all(torch.equal(value, others[name]) for name, value in some.items())


def drawn(network: torch.nn.Module, seeds: range) -> Shown:
    """Drawn walls of half the input's side, every other one with blood on it, as the trunk sees them."""
    frames = np.stack([scene(seed)[::2, ::2] for seed in seeds])
    gore = np.array([seed % 2 == 1 for seed in seeds])
    for index in np.flatnonzero(gore):
        rng = np.random.default_rng([seeds[index], 8])
        mask = max((stains.drawn_stain(frames.shape[1], rng) for _ in range(3)), key=lambda found: found.mean())
        frames[index] = stains.lay_over(frames[index], mask, stains.blood_colour(rng), rng)
    with torch.no_grad():
        cells = Trunk(network, RECIPE.trunk_blocks)(torch.from_numpy(frames)).numpy().astype(np.float16)
    classes = np.zeros((len(seeds), len(CLASSES)), np.float32)
    classes[:, CLASSES.index("blood")] = gore
    regions = np.where(gore[:, None, None], np.nan, np.zeros((1, *cells.shape[2:]))).astype(np.float32)
    return Shown(cells, gore, classes, regions)


def auroc(logits: Logits, gore: npt.NDArray[np.bool_]) -> float:
    return float((logits[gore][:, None] > logits[~gore][None]).mean())


def loss(logits: Logits, shown: Shown) -> float:
    return float(np.logaddexp(0.0, np.where(shown.gore, -logits, logits)).mean())


def test_it_learns_to_tell_blood_from_walls(published: torch.nn.Module) -> None:
    shown, unseen = drawn(published, range(2 * ROWS)), drawn(published, range(1000, 1048))
    before, after = (trained(published, shown, passes=passes) for passes in (0, 6))
    assert loss(predict(after, shown.cells).gore, shown) < 0.7 * loss(predict(before, shown.cells).gore, shown)
    found = predict(after, unseen.cells)
    assert found.classes.shape == (len(unseen), len(CLASSES))
    assert found.map.shape == unseen.map.shape
    assert auroc(found.gore, unseen.gore) > 0.8
    assert auroc(found.classes[:, CLASSES.index("blood")], unseen.gore) > 0.75


def test_the_same_seed_gives_the_same_weights_and_leaves_the_backbone(published: torch.nn.Module, noise: Shown) -> None:
    before = weights(published)
    first, again, other = (weights(trained(published, noise, seed=seed)) for seed in (1, 1, 2))
    assert same(first, again)
    assert not same(first, other)
    assert same(before, weights(published))


def test_without_a_rate_for_them_the_blocks_stay_as_they_were(published: torch.nn.Module, noise: Shown) -> None:
    before = Tail(published, blocks=RECIPE.trunk_blocks)
    after = trained(published, noise, replace(RECIPE, tail_rate=0.0))
    assert same(weights(before.blocks), weights(after.blocks))
    assert same(weights(before.widen), weights(after.widen))
    assert float(after.whole.bias.detach().abs().max()) > 0.0
    with_rate = trained(published, noise)
    assert not same(weights(before.blocks), weights(with_rate.blocks))


def test_only_what_is_known_is_learnt(published: torch.nn.Module, noise: Shown) -> None:
    # A bias begins at nothing, and stays there as long as nothing pulls at it.
    nothing = np.full_like(noise.classes, np.nan)
    some = nothing.copy()
    some[: ROWS // 2, 2] = 1.0
    for classes, moved in ((nothing, [0]), (some, [0, 3])):
        tail = trained(published, replace(noise, classes=classes))
        for layer in (tail.cell, tail.whole):
            assert torch.nonzero(layer.bias).flatten().tolist() == moved


def test_an_unknown_map_teaches_nothing(published: torch.nn.Module, noise: Shown) -> None:
    unknown = replace(noise, map=np.full_like(noise.map, np.nan))
    without = trained(published, noise, replace(RECIPE, cells=False))
    blank, told = trained(published, unknown), trained(published, noise)
    for name, value in weights(without).items():
        assert torch.allclose(value, weights(blank)[name], atol=1e-6)
    assert not torch.allclose(without.cell.weight, told.cell.weight, atol=1e-6)


def test_rows_that_are_not_named_are_not_shown(published: torch.nn.Module, noise: Shown) -> None:
    doubled = Shown(
        np.concatenate([noise.cells, np.full_like(noise.cells, np.nan)]),
        np.tile(noise.gore, 2),
        np.tile(noise.classes, (2, 1)),
        np.tile(noise.map, (2, 1, 1)),
    )
    tail = train_tail(published, [(doubled, np.arange(ROWS))], RECIPE, seed=1, label="half")
    assert same(weights(tail), weights(trained(published, noise, passes=1)))


def test_of_no_views_there_are_no_logits(published: torch.nn.Module, noise: Shown) -> None:
    found = predict(trained(published, noise, passes=0), noise.cells[:0])
    assert found.gore.shape == (0,)
    assert found.classes.shape == (0, len(CLASSES))
    assert found.map.shape == (0, CELLS, CELLS)


def batch(rows: int = 6) -> Batch:
    """Row i has i everywhere; the classes of the last one are unknown."""
    numbers = torch.arange(rows, dtype=torch.float32)
    classes = numbers[:, None].repeat(1, len(CLASSES))
    classes[-1] = torch.nan
    cells = numbers[:, None, None, None].repeat(1, 4, 2, 2)
    return Batch(cells, numbers, classes, torch.zeros(rows, CELLS, CELLS))


def test_mixing_blends_each_row_with_its_neighbour_and_with_no_other() -> None:
    mixed = 0
    for seed in range(60):
        before, after = batch(), _mixed(batch(), np.random.default_rng(seed))
        if torch.equal(after.gore, before.gore):
            assert torch.equal(after.map, before.map)
            continue
        mixed += 1
        # Rows 1 to 5 have a neighbour that is 1 less, row 0 has the last one.
        share = 1.0 - float((before.gore - after.gore)[1])
        assert 0.0 <= share <= 1.0
        wanted = share * before.gore + (1.0 - share) * before.gore.roll(1)
        assert torch.allclose(after.gore, wanted, atol=1e-5)
        assert torch.allclose(after.cells[:, 0, 0, 0], wanted, atol=1e-5)
        assert torch.allclose(after.classes[1:-1, 0], wanted[1:-1], atol=1e-5)
        # What is unknown of either is unknown of both, and so is where things are.
        assert torch.isnan(after.classes[[0, -1]]).all()
        assert torch.isnan(after.map).all()
    assert 2 <= mixed <= 25
