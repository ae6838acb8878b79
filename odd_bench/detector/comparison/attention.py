"""The comparison of the paper: attention between the cells of objects, then a classifier (sections 3.3 and 3.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention

from odd_bench.blocks.backbone import BackboneConfig
from odd_bench.blocks.unet3d import conv3
from odd_bench.blocks.volume_rendering import RenderConfig
from odd_bench.data.batch import SceneBatch
from odd_bench.detector.boxes import BoxConfig, boxes_from_alpha, ground_truth_boxes, ground_truth_count
from odd_bench.detector.comparison import Pyramid
from odd_bench.detector.correspondences import (
    CanonicalConfig,
    MatchingConfig,
    RoiConfig,
    canonical_coordinates,
    canonical_diagonal,
    cell_centres,
    correspondence_accuracy,
    correspondences,
    most_opaque,
    pool,
)
from odd_bench.detector.losses import LossConfig, label_loss, owned, owned_labels
from odd_bench.detector.pictures import feature_picture, match_picture
from odd_bench.detector.volumes import Volumes


def mask_from_keys(keys: Tensor) -> Tensor:
    """Attention mask (n * t, n * t) bool that allows only the indices `keys` (n, t, keys)."""
    n, t = keys.shape[:2]
    allowed = torch.zeros(n * t, n * t, dtype=torch.bool, device=keys.device)
    return allowed.scatter_(1, keys.reshape(n * t, -1), True)


@dataclass(frozen=True)
class AttentionConfig:
    """The settings of the comparison of objects."""

    kind: str = "sparse"
    """`sparse`, `dense` or `none` attention; or `relations` or `aligned`, which compare registered objects."""
    width: int = 256
    """Number of channels of a token."""
    heads: int = 8
    """Number of heads."""
    blocks: int = 3
    """Number of blocks."""
    self_attention: bool = False
    """Whether dense self-attention precedes the attention across objects, as in the released code."""
    initial_keys: bool = False
    """Whether all blocks take keys and values from the pooled tokens, as in the released code."""
    gated: bool = False
    """Whether the feed-forward network is gated, as in the released code."""


class Attention(nn.Module):
    """Multi-head attention of the tokens of one scene. All objects share W^Q, W^K and W^V (eq. 6)."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(width, width, bias=False) for _ in range(3))
        self.out = nn.Linear(width, width)

    def forward(self, queries: Tensor, keys: Tensor, allowed: Tensor | None) -> Tensor:
        """Attended tokens (l, width), with one softmax over all allowed keys (eq. 7).

        queries, keys: (l, width). allowed: (l, l) bool, None = all.
        """

        def split(tokens: Tensor) -> Tensor:
            return tokens.unflatten(-1, (self.heads, -1)).transpose(0, 1)[None]  # (1, heads, l, width / heads)

        mixed = scaled_dot_product_attention(
            split(self.query(queries)), split(self.key(keys)), split(self.value(keys)), attn_mask=allowed
        )
        return self.out(mixed[0].transpose(0, 1).flatten(1))


class FeedForward(nn.Module):
    """Two linear layers with four times the width in between and GELU, optionally gated."""

    def __init__(self, width: int, gated: bool):
        super().__init__()
        self.gated = gated
        self.inner = nn.Linear(width, 4 * width * (2 if gated else 1))
        self.outer = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.inner(x)
        if not self.gated:
            return self.outer(gelu(inner))
        value, gate = inner.chunk(2, dim=-1)
        return self.outer(value * gelu(gate))


class Block(nn.Module):
    """Attention across instances and a feed-forward network, each with a norm before it and a residual connection."""

    def __init__(self, config: AttentionConfig):
        super().__init__()
        width = config.width
        self.initial_keys = config.initial_keys
        self.within = Attention(width, config.heads) if config.self_attention else None
        self.norm_within = nn.LayerNorm(width) if config.self_attention else None
        self.across = Attention(width, config.heads)
        self.feed_forward = FeedForward(width, config.gated)
        self.norm_across, self.norm_forward = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, tokens: Tensor, initial: Tensor, allowed: Tensor | None, alone: bool) -> Tensor:
        """New tokens (l, width). initial: (l, width), the pooled tokens. alone: whether there is a single object."""
        if self.within is not None:
            normed = self.norm_within(tokens)
            tokens = tokens + self.within(normed, normed, None)
        if not alone:
            queries = self.norm_across(tokens)
            keys = self.norm_across(initial) if self.initial_keys else queries
            tokens = tokens + self.across(queries, keys, allowed)
        return tokens + self.feed_forward(self.norm_forward(tokens))


class CrossInstance(nn.Module):
    """All blocks, from the tokens (n, t, width) of a scene to new ones. For a single object, they do not attend across objects."""

    def __init__(self, config: AttentionConfig):
        super().__init__()
        self.kind = config.kind
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks if config.kind != "none" else 0))

    def forward(self, tokens: Tensor, allowed: Tensor | None) -> Tensor:
        """New tokens (n, t, width). allowed: (n * t, n * t) bool from mask_from_keys for sparse attention, None for dense."""
        n, t, _ = tokens.shape
        flat = initial = tokens.flatten(0, 1)
        for block in self.blocks:
            flat = block(flat, initial, allowed, alone=n == 1)
        return flat.unflatten(0, (n, t))


@dataclass(frozen=True)
class ClassifierConfig:
    """The settings of the classifier of attended cells."""

    channels: tuple[int, ...] = (128, 128, 128)
    """Channels after each halving of the resolution of the cube."""
    hidden: int = 256
    """Hidden width of the MLP."""
    mean: bool = False
    """Whether the cells are averaged instead of convolved, as in the released code."""


class Classifier(nn.Module):
    """A classifier from tokens (n, cells^3, width) to logits (n,); above 0 = anomalous."""

    def __init__(self, width: int, cells: int, config: ClassifierConfig):
        super().__init__()
        self.cells, self.mean = cells, config.mean
        steps: list[nn.Module] = []
        inside = width
        for outside in () if config.mean else config.channels:
            groups = min(8, outside // 4)
            steps += [conv3(inside, outside, 2), nn.GroupNorm(groups, outside), nn.ReLU(inplace=True)]
            inside = outside
        left = 1 if config.mean else -(-cells // 2 ** len(config.channels))
        self.reduce = nn.Sequential(*steps)
        self.decide = nn.Sequential(
            nn.Linear(inside * left**3, config.hidden), nn.ReLU(inplace=True), nn.Linear(config.hidden, 1)
        )

    def forward(self, tokens: Tensor) -> Tensor:
        if self.mean:
            return self.decide(tokens.mean(dim=1))[:, 0]
        volume = tokens.transpose(1, 2).unflatten(2, (self.cells,) * 3)  # (n, width, z, y, x)
        return self.decide(self.reduce(volume).flatten(1))[:, 0]


class Sections(Protocol):
    """The sections of a detector's configuration that this comparison reads."""

    backbone: BackboneConfig
    canonical: CanonicalConfig
    boxes: BoxConfig
    roi: RoiConfig
    matching: MatchingConfig
    attention: AttentionConfig
    classifier: ClassifierConfig
    render: RenderConfig
    loss: LossConfig


class TokenComparison(nn.Module):
    """Comparison of the cells of all objects of a scene, which implements odd_bench.detector.comparison.Comparison."""

    learnt_later = ("widen", "cross_instance", "classifier")

    def __init__(self, config: Sections):
        super().__init__()
        self.config = config
        width = config.attention.width
        self.widen = nn.Linear(config.backbone.width + 1, width)
        self.cross_instance = CrossInstance(config.attention)
        self.classifier = Classifier(width, config.roi.cells, config.classifier)

    def forward(self, volumes: Volumes, scene: int, cells: Tensor) -> Tensor:
        """Logits (n,) of objects with cells (n, t, 3), metres, world."""
        features, alpha = pooled(volumes, scene, cells)
        tokens = self.widen(torch.cat([features, alpha[..., None]], dim=-1))  # (n, t, width)
        compared = most_opaque(alpha, self.config.roi.compared)[..., None]  # (n, k, 1)
        allowed = None
        if self.config.attention.kind == "sparse" and len(features) > 1:
            projected = volumes.project(torch.take_along_dim(features, compared, dim=1))
            allowed = mask_from_keys(correspondences(projected, self.config.matching))  # eq. 5
        attended = self.cross_instance(torch.take_along_dim(tokens, compared, dim=1), allowed)  # eqs. 6 and 7
        tokens = tokens.scatter(1, compared.expand_as(attended), attended.to(tokens.dtype))
        return self.classifier(tokens).float()

    def look(
        self, batch: SceneBatch, images: Tensor, levels: list[Tensor], pyramid: Pyramid, first_stage: bool
    ) -> dict[str, Any]:
        """Nothing, because tokens are computed from the volumes alone."""
        return {}

    def boxes(self, volumes: Volumes, scene: int) -> np.ndarray:
        """Boxes (n, 6) around the clusters of opaque voxels, or the true boxes if they are given."""
        given = ground_truth_boxes(self.config.boxes, volumes.batch, scene)
        if given is not None:
            return given
        alpha = volumes.alpha[scene].detach().float().cpu().numpy()
        count = ground_truth_count(self.config.boxes, volumes.batch, scene)
        return boxes_from_alpha(alpha, volumes.grid, self.config.boxes, count)

    def logits(self, volumes: Volumes, scene: int, boxes: np.ndarray) -> Tensor:
        """Logits (n,) of the n >= 1 objects in boxes (n, 6)."""
        boxes = torch.from_numpy(boxes).float().to(volumes.features.device)
        return self(volumes, scene, cell_centres(boxes, volumes.grid, self.config.roi))

    def picture_losses(self, volumes: Volumes) -> dict[str, Tensor]:
        """No losses, because nothing is read from the pictures."""
        return {}

    def object_losses(self, volumes: Volumes, scene: int) -> dict[str, Tensor]:
        """Binary cross-entropy of the objects; empty if there are none."""
        batch, config = volumes.batch, self.config.loss
        boxes, owner = owned(self.boxes(volumes, scene), batch, scene, config)
        if not len(boxes):
            return {}
        return {
            "label": label_loss(self.logits(volumes, scene, boxes), owned_labels(owner, batch.labels[scene]), config)
        }

    def accuracy(self, volumes: Volumes, scene: int) -> float:
        """PCK of the best matches of opaque cells; NaN if no two objects have opaque cells."""
        batch = volumes.batch
        features, cells, opaque = self.projected(volumes, scene, batch.boxes[scene])
        canonical = canonical_coordinates(cells, batch.world_from_object[scene])
        diagonal = canonical_diagonal(batch.obbs[scene], batch.world_from_object[scene])
        return correspondence_accuracy(features, canonical, opaque, diagonal)

    def projected(self, volumes: Volumes, scene: int, boxes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Projected features (n, t, c), centres (n, t, 3) and opacity (n, t) bool of the cells in boxes (n, 6)."""
        cells = cell_centres(boxes, volumes.grid, self.config.roi)
        features, alpha = pooled(volumes, scene, cells)
        return volumes.project(features), cells, alpha > self.config.canonical.alpha_above

    def pictures(self, volumes: Volumes, held: SceneBatch, found: np.ndarray) -> dict[str, Tensor]:
        """Rendered features, and the best matches of cells of the first object."""
        matched = match_picture(held, *self.projected(volumes, 0, held.boxes[0]))
        return {"features": feature_picture(volumes, held, self.config.render), "correspondences": matched}


def pooled(volumes: Volumes, scene: int, cells: Tensor) -> tuple[Tensor, Tensor]:
    """z_n: features (n, t, d) and alpha (n, t) at the cells (n, t, 3)."""
    features = pool(volumes.features[scene], cells, volumes.grid)
    return features, pool(volumes.alpha[scene][None], cells, volumes.grid)[..., 0]
