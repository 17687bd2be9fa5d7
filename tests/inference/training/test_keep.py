"""Kept tails: the same recipe is read back, another one is trained, and the files hold plain arrays alone."""

from tests.inference.training.needs import need_training

need_training()

from pathlib import Path

import numpy as np
import pytest
import torch

from inference.training.keep import kept_tail
from inference.training.network import Tail, backbone
from inference.training.train import Recipe

BLOCKS = 14


class Bench:
    """Gives blank tails, and trained ones, which it counts; the first has 1 everywhere in its bias, the next 2."""

    def __init__(self) -> None:
        self.network = backbone()
        self.trained = 0

    def blank(self) -> Tail:
        return Tail(self.network, blocks=BLOCKS)

    def train(self) -> Tail:
        self.trained += 1
        tail = self.blank()
        tail.eval()
        torch.nn.init.constant_(tail.whole.bias, float(self.trained))
        return tail

    def kept(self, scratch: Path, *recipe: object) -> Tail:
        return kept_tail(scratch, recipe, self.blank, self.train)


@pytest.fixture(scope="module")
def network() -> Bench:
    return Bench()


@pytest.fixture
def bench(network: Bench) -> Bench:
    network.trained = 0
    return network


def test_a_tail_is_read_back_whole(bench: Bench, tmp_path: Path) -> None:
    first = bench.kept(tmp_path, Recipe(BLOCKS), 1, ["views"])
    again = bench.kept(tmp_path, Recipe(BLOCKS), 1, ["views"])
    assert bench.trained == 1
    assert first is not again
    assert not again.training
    kept = again.state_dict()
    assert set(kept) == set(first.state_dict())
    assert all(torch.equal(value, kept[name]) for name, value in first.state_dict().items())
    cells = torch.zeros(1, 192, 7, 7)
    with torch.no_grad():
        assert all(torch.equal(*each) for each in zip(first(cells), again(cells), strict=True))


def test_another_recipe_is_trained_anew_and_both_stay(bench: Bench, tmp_path: Path) -> None:
    asked = [(Recipe(BLOCKS), 1, ["views"]), (Recipe(BLOCKS), 2, ["views"]), (Recipe(BLOCKS, head_rate=1.0), 1, [])]
    for _ in range(2):
        biases = [float(bench.kept(tmp_path, *recipe).whole.bias.detach()[0]) for recipe in asked]
        assert biases == [1.0, 2.0, 3.0]
    assert bench.trained == 3


def test_files_hold_arrays_and_nothing_that_runs(bench: Bench, tmp_path: Path) -> None:
    bench.kept(tmp_path, "a")
    (file,) = tmp_path.iterdir()
    assert file.name.startswith("tail-")
    assert file.suffix == ".npz"
    with np.load(file, allow_pickle=False) as arrays:
        assert {arrays[name].dtype for name in arrays.files} == {np.dtype(np.float32)}


def test_what_was_cut_short_is_not_taken_for_a_tail(bench: Bench, tmp_path: Path) -> None:
    def broken() -> Tail:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept_tail(tmp_path, ("a",), bench.blank, broken)
    assert not list(tmp_path.iterdir())
    bench.kept(tmp_path, "a")
    (file,) = tmp_path.iterdir()
    # As if it broke off while the file was written.
    file.rename(file.with_suffix(".part.npz")).write_bytes(b"half")
    bench.kept(tmp_path, "a")
    assert bench.trained == 2
    assert [each.name for each in tmp_path.iterdir()] == [file.name]
