"""Image features at several levels of one width: strides 4, 8, 16 and 32 (DETR3D section 3.2)."""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from odd_bench.blocks.backbone import BackboneConfig, image_pyramid


class Levels(nn.Module):
    """The image network of the reference detector, extended to `levels` feature maps.

    If the network has fewer maps, convolutions of stride 2 compute the others, and a feature pyramid network then merges the
    coarse maps into the fine ones. ResNets already have both.
    """

    def __init__(self, config: BackboneConfig, levels: int):
        super().__init__()
        from torchvision.ops import FeaturePyramidNetwork

        self.pyramid, scales = image_pyramid(config)
        self.coarser = nn.ModuleList(halving(config.pyramid) for _ in range(levels - scales))
        complete = scales >= levels and config.pyramid == config.width
        self.join = None if complete else FeaturePyramidNetwork([config.pyramid] * levels, config.width)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Pictures (n, 3, h, w), sRGB in [0, 1], to maps (n, width, h / 4, w / 4), (n, width, h / 8, w / 8), ..."""
        maps = self.pyramid(images)
        for step in self.coarser:
            maps.append(step(maps[-1]))
        return maps if self.join is None else list(self.join(OrderedDict(enumerate(maps))).values())


def halving(width: int) -> nn.Sequential:
    """Two convolutions: one of stride 2 that halves the resolution, and one that enlarges the receptive field."""

    def convolution(stride: int) -> list[nn.Module]:
        return [nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]

    return nn.Sequential(*convolution(2), *convolution(1))
