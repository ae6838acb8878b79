"""Frozen image networks whose features the volume learns to render (paper section 3.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import interpolate, normalize


@dataclass(frozen=True)
class TeacherConfig:
    """The network whose features are distilled."""

    kind: str = "dinov2"
    """`none`, `dinov2`, `efficientnet-lite0` or `canonical`."""
    weights: str | None = None
    """File or folder of DINOv2's weights."""
    pixels: int = 448
    """Side of the pictures the teacher sees; a multiple of 14 for DINOv2."""
    pca_views: int = 400
    """Views the PCA is fitted on."""

    @property
    def distils(self) -> bool:
        """Whether there are features to render."""
        return self.kind in ("dinov2", "efficientnet-lite0")


@dataclass(frozen=True)
class Teacher:
    """A named network. features: pictures (n, 3, pixels, pixels) sRGB in [0, 1] to maps (n, channels, h, w).

    digest: identifies the weights, so that stored features are never mistaken for those of others.
    """

    name: str
    pixels: int
    digest: str
    features: Callable[[Tensor], Tensor]

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor:
        """Maps of pictures of any size, uint8 or in [0, 1]."""
        images = images.float() / 255 if images.dtype == torch.uint8 else images
        size = (self.pixels, self.pixels)
        if images.shape[2:] != size:
            images = interpolate(images, size=size, mode="bilinear", align_corners=False, antialias=True)
        return self.features(images)


def efficientnet_teacher(pixels: int, device: torch.device | str = "cpu") -> Teacher:
    """EfficientNet-Lite0 trained on ImageNet: strides 8 and 16, each L2-normalised, 152 channels at stride 8."""
    from odd_bench.blocks.efficientnet import pretrained, weights_path

    network = pretrained().eval().to(device)

    def features(images: Tensor) -> Tensor:
        fine, coarse = network.maps(images, (8, 16))
        coarse = interpolate(coarse, size=fine.shape[2:], mode="bilinear", align_corners=False)
        return torch.cat([normalize(fine, dim=1), normalize(coarse, dim=1)], dim=1)

    return Teacher("efficientnet-lite0", pixels, file_digest(weights_path()), features)


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
