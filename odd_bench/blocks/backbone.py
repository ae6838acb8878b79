"""The 2D encoder: an image network, a feature pyramid, and a head that sums the pyramid at stride 4 (paper section 3.1)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from odd_bench.blocks.stored_weights import fill, read_weights
from odd_bench.errors import WrongUse

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
FILES = {"resnet50": "resnet50-0676ba61.pth", "resnet18": "resnet18-f37072fd.pth"}  # as torchvision publishes them
NETWORKS = ("resnet50", "resnet18", "efficientnet-lite0", "plain")


@dataclass(frozen=True)
class BackboneConfig:
    """The 2D encoder."""

    network: str = "resnet50"
    """Image network: `resnet50`, `resnet18`, `efficientnet-lite0` or `plain`."""
    width: int = 32
    """Number of channels of the resulting feature maps."""
    pyramid: int = 256
    """Number of channels inside the feature pyramid."""
    weights: str = "none"
    """Initial weights of the image network. `none`: random. `imagenet`: downloaded by torchvision, or taken from the package
    of efficientnet-lite0. Otherwise a file whose weights are named as in one of these two.
    """
    trainable: int = 5
    """Number of stages of the image network that are trained, counted from the last; 5 = all."""


class SemanticHead(nn.Module):
    """Merges pyramid maps at strides 4, 8, 16, ... into one map at stride 4: it convolves, upsamples and sums them."""

    def __init__(self, pyramid: int, width: int, scales: int):
        super().__init__()
        self.paths = nn.ModuleList(path(pyramid, width, scale) for scale in range(scales))

    def forward(self, maps: list[Tensor]) -> Tensor:
        size = maps[0].shape[2:]
        raised = [path(level) for path, level in zip(self.paths, maps, strict=True)]
        return sum(level if level.shape[2:] == size else resize(level, size) for level in raised)


def path(inside: int, width: int, scale: int) -> nn.Sequential:
    """The layers for one pyramid map: per scale above the finest, a convolution and an upsampling; at least one convolution."""
    steps: list[nn.Module] = []
    for step in range(max(scale, 1)):
        steps += [nn.Conv2d(inside if step == 0 else width, width, 3, padding=1, bias=False),
                  nn.BatchNorm2d(width), nn.ReLU(inplace=True)]  # fmt: skip
        if scale:
            steps.append(nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False))
    return nn.Sequential(*steps)


def resize(maps: Tensor, size: tuple[int, int]) -> Tensor:
    return nn.functional.interpolate(maps, size=size, mode="bilinear", align_corners=False)


class Pyramid(nn.Module, ABC):
    """An image network with a feature pyramid."""

    widths: tuple[int, ...]
    """Number of channels of each level."""

    @abstractmethod
    def levels(self, images: Tensor) -> list[Tensor]:
        """Maps of the image network at strides 4, 8, ... images: (n, 3, h, w) sRGB in [0, 1]."""

    @abstractmethod
    def merge(self, levels: list[Tensor]) -> list[Tensor]:
        """Convert the levels to maps of one width, at the same strides."""

    def forward(self, images: Tensor) -> list[Tensor]:
        return self.merge(self.levels(images))


class ResNetPyramid(Pyramid):
    """ResNet-FPN of torchvision: maps at strides 4 to 32."""

    def __init__(self, config: BackboneConfig):
        super().__init__()
        from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

        try:
            self.network = resnet_fpn_backbone(
                backbone_name=config.network,
                weights="IMAGENET1K_V1" if config.weights == "imagenet" else None,
                norm_layer=nn.BatchNorm2d,
                trainable_layers=config.trainable,
            )
        except OSError as error:  # raised by the download
            raise WrongUse(
                f"backbone.weights=imagenet: torchvision could not download the weights of {config.network} ({error}); "
                f"expected a network connection. Download {FILES[config.network]} elsewhere and name it: --backbone-weights"
            ) from error
        if (path := weights_file(config)) is not None:
            expected = f"torchvision's weights of {config.network}, such as {FILES[config.network]}"
            stored = read_weights(path, expected)
            fill(self.network.body, {key: value for key, value in stored.items() if key[:3] != "fc."}, path, expected)
        if config.pyramid != 256:
            raise WrongUse(
                f"backbone.pyramid: found {config.pyramid}; expected 256, the width of torchvision's pyramid"
            )
        self.widths = tuple(block[0].in_channels for block in self.network.fpn.inner_blocks)
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD)[:, None, None], persistent=False)

    def levels(self, images: Tensor) -> list[Tensor]:
        return list(self.network.body((images - self.mean) / self.std).values())

    def merge(self, levels: list[Tensor]) -> list[Tensor]:
        maps = self.network.fpn(OrderedDict((str(number), level) for number, level in enumerate(levels)))
        return [maps[str(number)] for number in range(len(levels))]


class EfficientNetPyramid(Pyramid):
    """Feature pyramid over EfficientNet-Lite0 at strides 4, 8 and 16. The network is frozen if no stage is trainable.

    Maps use the channels-last memory format, with which depthwise convolutions are faster on a CPU.
    """

    strides = (4, 8, 16)

    def __init__(self, config: BackboneConfig):
        super().__init__()
        from torchvision.ops import FeaturePyramidNetwork

        from odd_bench.blocks.efficientnet import CHANNELS, EfficientNetLite0, pretrained

        self.network = EfficientNetLite0() if config.weights == "none" else pretrained(weights_file(config))
        self.network.conv_head = self.network.bn1 = self.network.fc = None  # beyond the last stride used
        self.network.blocks = self.network.blocks[:11]
        self.widths = tuple(CHANNELS[stride] for stride in self.strides)
        self.pyramid = FeaturePyramidNetwork(list(self.widths), config.pyramid)
        self.frozen, self.pretrained = config.trainable == 0, config.trainable == 0 or config.weights != "none"
        self.network.requires_grad_(not self.frozen)

    def train(self, mode: bool = True) -> EfficientNetPyramid:
        """Set the mode. A pretrained network keeps its batch-norm statistics: those of a few scenes would be worse."""
        super().train(mode)
        self.network.train(mode and not self.pretrained)
        return self

    def levels(self, images: Tensor) -> list[Tensor]:
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            return self.network.maps(images.contiguous(memory_format=torch.channels_last), self.strides)

    def merge(self, levels: list[Tensor]) -> list[Tensor]:
        return list(self.pyramid(OrderedDict(enumerate(levels))).values())


class PlainPyramid(Pyramid):
    """Four convolutions, which give maps at strides 4 and 8. The network is fast, and sufficient for small tests."""

    def __init__(self, config: BackboneConfig):
        super().__init__()
        if config.weights != "none":
            raise WrongUse(
                f"backbone.weights: found {config.weights}; expected none, because `plain` has no published weights"
            )
        half, self.widths = config.pyramid // 2, (config.pyramid, config.pyramid)
        widths = ((3, half, 2), (half, config.pyramid, 2), (config.pyramid, config.pyramid, 1),
                  (config.pyramid, config.pyramid, 2))  # fmt: skip
        self.steps = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(inside, outside, 3, stride, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)
            )
            for inside, outside, stride in widths
        )

    def levels(self, images: Tensor) -> list[Tensor]:
        x = images - 0.5
        maps = []
        for step in self.steps:
            x = step(x)
            maps.append(x)
        return maps[2:]

    def merge(self, levels: list[Tensor]) -> list[Tensor]:
        return levels


class FrozenLevels(nn.Module):
    """The levels of an image network that is never trained, for use in addition to one that is."""

    def __init__(self, config: BackboneConfig):
        super().__init__()
        self.pyramid, _ = image_pyramid(replace(config, trainable=0))
        self.requires_grad_(False)

    def train(self, mode: bool = True) -> FrozenLevels:
        """Stay in evaluation mode, so that batch norms keep their statistics."""
        return super().train(False)

    @torch.no_grad()
    def forward(self, images: Tensor) -> list[Tensor]:
        """Maps at strides 4, 8, ... images: (n, 3, h, w) sRGB in [0, 1]."""
        return self.pyramid.levels(images)


class Backbone(nn.Module):
    """The 2D encoder. It maps pictures (n, 3, h, w), sRGB in [0, 1], to features (n, width, h / 4, w / 4)."""

    def __init__(self, config: BackboneConfig):
        super().__init__()
        self.pyramid, scales = image_pyramid(config)
        self.head = SemanticHead(config.pyramid, config.width, scales)

    def forward(self, images: Tensor) -> Tensor:
        return self.from_levels(self.pyramid.levels(images))

    def from_levels(self, levels: list[Tensor]) -> Tensor:
        """The features of pictures whose levels the image network has already computed."""
        return self.head(self.pyramid.merge(levels))


def image_pyramid(config: BackboneConfig) -> tuple[nn.Module, int]:
    """Build the image network with its feature pyramid, and return it with its number of maps.

    The maps have `config.pyramid` channels and strides 4, 8, ... Raises WrongUse if the configuration is invalid or its
    weights cannot be read.
    """
    if config.network not in NETWORKS:
        raise WrongUse(f"backbone.network: found {config.network!r}; expected one of {', '.join(NETWORKS)}")
    kinds = {"efficientnet-lite0": (EfficientNetPyramid, 3), "plain": (PlainPyramid, 2)}
    pyramid, scales = kinds.get(config.network, (ResNetPyramid, 4))
    return pyramid(config), scales


def parameter_groups(
    model: nn.Module, pyramid: nn.Module, learning_rate: float, backbone_rate: float, **options: Any
) -> list[dict[str, Any]]:
    """Parameter groups for the optimiser: the image network separately, so that it can have a lower learning rate.

    backbone_rate: the image network's learning rate as a fraction of `learning_rate`. options: settings of both groups, such
    as weight_decay.
    """
    backbone = list(pyramid.parameters())
    apart = set(map(id, backbone))
    rest = [parameter for parameter in model.parameters() if id(parameter) not in apart]
    return [
        {"params": rest, "lr": learning_rate, **options},
        {"params": backbone, "lr": learning_rate * backbone_rate, **options},
    ]


def weights_file(config: BackboneConfig) -> Path | None:
    """The file of weights that the configuration names, or None if it names none."""
    return None if config.weights in ("none", "imagenet") else Path(config.weights)
