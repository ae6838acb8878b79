"""An order of many things in which any first ones are spread over all of them."""

from __future__ import annotations

import torch
from torch import Tensor

GOLDEN = 0.6180339887498949


def spread_order(count: int, device: torch.device | None = None) -> Tensor:
    """(count,) different ranks in [0, 1), those of neighbours far apart: multiples of the golden ratio, less their whole part."""
    return (torch.arange(count, device=device, dtype=torch.float64) * GOLDEN) % 1
