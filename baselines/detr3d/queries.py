"""Object queries with their initial reference points (DETR3D section 3.3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Queries(nn.Module):
    """Learned embeddings. Each consists of a position, which defines the reference point, and a content."""

    def __init__(self, count: int, width: int):
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(count, 2 * width))
        self.point = nn.Linear(width, 3)
        nn.init.xavier_uniform_(self.point.weight)
        nn.init.zeros_(self.point.bias)

    def forward(self, scenes: int) -> tuple[Tensor, Tensor, Tensor]:
        """Position (b, q, c), content (b, q, c) and reference points (b, q, 3) in the unit cube, c = Phi_ref(q) (eq. 1)."""
        position, content = self.embedding.expand(scenes, -1, -1).chunk(2, dim=-1)
        return position, content, self.point(position).float().sigmoid()
