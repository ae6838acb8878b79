"""The decoder: self-attention of queries, cross-attention to pictures, refinement of reference points (DETR3D section 3.3)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from odd_bench.baselines.detr3d.code import CENTRE, NUMBERS, CodeConfig
from odd_bench.baselines.detr3d.queries import Queries
from odd_bench.baselines.detr3d.sampling import Views

CLASSES = 2  # anomalous and normal, in the order of baselines.two_class
FIRST_CHANCE = 0.01  # probability of each class at the start of training (Lin et al. 2017, section 4.1)


@dataclass(frozen=True)
class DecoderConfig:
    """The settings of the decoder."""

    queries: int = 900
    """Number of queries."""
    layers: int = 6
    """Number of layers."""
    heads: int = 8
    """Number of attention heads."""
    hidden: int = 512
    """Hidden width of the feed-forward networks."""
    levels: int = 4
    """Number of levels of the image features."""
    dropout: float = 0.1
    """Probability of dropout, 0.1 as in the original. Above 0, a resumed run draws other random numbers."""
    camera_aware: bool = True
    """Whether features are scaled according to the position of their camera, see CrossAttention."""


@dataclass(frozen=True)
class Detections:
    """The outputs of all layers for all queries. logits: (layers, b, q, 2), anomalous and normal. codes: (layers, b, q, 6)."""

    logits: Tensor
    codes: Tensor


class CrossAttention(nn.Module):
    """The mean of the features at the point of a query, over the views that see it. The query weights the levels (eq. 4).

    DETR3D learns a weight for each of the six cameras of a car. Here a scene may have any number of cameras, in any order and
    position. Levels therefore have the same weights in all views, and the channels of the features are scaled by a function of
    `Views.sight` instead of depending on the index of the camera.
    """

    def __init__(self, width: int, levels: int, camera_aware: bool):
        super().__init__()
        self.level_weights = nn.Linear(width, levels)
        self.project = nn.Linear(width, width)
        self.encode_point = nn.Sequential(*normed(3, width), *normed(width, width))
        self.scale = scale_by_sight(width) if camera_aware else None
        nn.init.zeros_(self.level_weights.weight)
        nn.init.zeros_(self.level_weights.bias)

    def forward(self, asked: Tensor, reference: Tensor, views: Views, code: CodeConfig) -> Tensor:
        """Update (b, q, c) of the queries. asked: (b, q, c), queries plus positions. reference: (b, q, 3), in the unit cube."""
        points = code.world(reference)
        taken, visible = views.look_up(points)
        weights = self.level_weights(asked).sigmoid()  # (b, q, levels)
        seen = torch.einsum("lbvcq,bql->bvqc", taken, weights)
        if self.scale is not None:
            seen = seen * self.scale(views.sight(points))
        mean = seen.sum(dim=1) / visible.sum(dim=1).clamp(min=1)[..., None]  # (b, q, c)
        return self.project(mean) + self.encode_point(torch.logit(reference, eps=1e-5))


class DecoderLayer(nn.Module):
    """Self-attention, cross-attention and a feed-forward network, each with residual and norm, as in DETR (Carion et al. 2020)."""

    def __init__(self, width: int, config: DecoderConfig):
        super().__init__()
        self.self_attention = nn.MultiheadAttention(width, config.heads, config.dropout, batch_first=True)
        self.cross_attention = CrossAttention(width, config.levels, config.camera_aware)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, config.hidden), nn.ReLU(), nn.Dropout(config.dropout), nn.Linear(config.hidden, width)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.drop = nn.Dropout(config.dropout)

    def forward(self, content: Tensor, position: Tensor, reference: Tensor, views: Views, code: CodeConfig) -> Tensor:
        """The new content (b, q, c). content, position: (b, q, c). reference: (b, q, 3), in the unit cube."""
        asked = content + position
        attended, _ = self.self_attention(asked, asked, content, need_weights=False)
        content = self.norms[0](content + self.drop(attended))
        seen = self.cross_attention(content + position, reference, views, code)
        content = self.norms[1](content + self.drop(seen))
        return self.norms[2](content + self.drop(self.feed_forward(content)))


class Decoder(nn.Module):
    """All layers, each with its own heads Phi_cls and Phi_reg."""

    def __init__(self, width: int, config: DecoderConfig, code: CodeConfig):
        super().__init__()
        self.code = code
        self.queries = Queries(config.queries, width)
        self.layers = nn.ModuleList(DecoderLayer(width, config) for _ in range(config.layers))
        self.class_heads = nn.ModuleList(class_head(width) for _ in range(config.layers))
        self.box_heads = nn.ModuleList(box_head(width) for _ in range(config.layers))

    def forward(self, views: Views) -> Detections:
        """The outputs of all layers."""
        position, content, reference = self.queries(len(views.K))
        logits, codes = [], []
        for layer, class_head, box_head in zip(self.layers, self.class_heads, self.box_heads, strict=True):
            content = layer(content, position, reference, views, self.code)
            code = refined(box_head(content).float(), reference)
            logits.append(class_head(content).float())
            codes.append(code)
            reference = code[..., CENTRE].detach()
        return Detections(torch.stack(logits), torch.stack(codes))


def refined(change: Tensor, reference: Tensor) -> Tensor:
    """Codes (b, q, 6) with their centres relative to the reference points. change: (b, q, 6). reference: (b, q, 3), unit cube."""
    code = change.clone()
    code[..., CENTRE] = (change[..., CENTRE] + torch.logit(reference, eps=1e-5)).sigmoid()
    return code


def normed(inside: int, outside: int) -> list[nn.Module]:
    """A linear layer, a norm and a ReLU."""
    return [nn.Linear(inside, outside), nn.LayerNorm(outside), nn.ReLU()]


def scale_by_sight(width: int) -> nn.Sequential:
    """A network from `Views.sight` (..., 4) to factors (..., c), whose mean and spread over cameras are initially about 1."""
    first, last = nn.Linear(4, width), nn.Linear(width, width)
    nn.init.normal_(first.weight)
    nn.init.kaiming_normal_(last.weight)
    nn.init.ones_(last.bias)
    return nn.Sequential(first, nn.ReLU(), last)


def class_head(width: int) -> nn.Sequential:
    """The head Phi_cls, from (..., width) to logits (..., CLASSES)."""
    head = nn.Sequential(*normed(width, width), *normed(width, width), nn.Linear(width, CLASSES))
    nn.init.constant_(head[-1].bias, -math.log((1 - FIRST_CHANCE) / FIRST_CHANCE))
    return head


def box_head(width: int) -> nn.Sequential:
    """The head Phi_reg, from (..., width) to codes (..., NUMBERS)."""
    return nn.Sequential(
        nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, NUMBERS)
    )
