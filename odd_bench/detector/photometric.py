"""Light, contrast and colour of whole scenes changed at random, so that silhouettes are not learnt from one renderer's light."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from odd_bench.data.batch import SceneBatch

LIGHT, TINT, GAMMA, SATURATION = 0.25, 0.1, 0.2, 0.3  # deviations of the logarithms of the factors, at strength 1


def photometric(batch: SceneBatch, strength: float) -> SceneBatch:
    """The batch with other light: one draw a scene, the same for all its views, by torch's generator. strength: 0 = as it is."""
    if strength == 0:
        return batch
    images = [changed_light(images.float() / 255, strength) for images in batch.images]
    return replace(batch, images=(torch.stack(images) * 255).round().to(torch.uint8))


def changed_light(images: Tensor, strength: float) -> Tensor:
    """(v, 3, h, w) sRGB in [0, 1] under a drawn gain of each colour, gamma and saturation."""
    light, gamma, saturation = (
        (strength * deviation * torch.randn(1, device=images.device)).exp() for deviation in (LIGHT, GAMMA, SATURATION)
    )
    tint = (strength * TINT * torch.randn(3, 1, 1, device=images.device)).exp()
    lit = (images.clamp(min=1e-4) ** gamma * light * tint).clamp(0, 1)
    grey = lit.mean(dim=1, keepdim=True)
    return (grey + (lit - grey) * saturation).clamp(0, 1)
