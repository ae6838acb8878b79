"""Cross-instance attention (paper section 3.3): the cells of the objects, which of them correspond, attention between
them, and the classifier of what was attended (section 3.4)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention

from odd_bench.blocks.precision import full_precision
from odd_bench.blocks.unet3d import conv3
from odd_bench.blocks.voxel_grid import VoxelGrid


@dataclass(frozen=True)
class MatchingConfig:
    """Correspondences between cells (eq. 5)."""

    k: int = 20
    """Number of correspondences in each other object."""
    normalise: bool = True
    """Whether similarity is the cosine rather than the inner product."""
    joint: bool = False
    """Whether the k best are chosen in the whole scene, own object included, as in the released code; otherwise in
    each other object.
    """


@torch.no_grad()
@full_precision
def correspondences(features: Tensor, config: MatchingConfig) -> Tensor:
    """Numbers of the cells each cell attends to. features: (n, t, c), beta(z). Returns (n, t, keys) into n * t cells.

    keys: (n - 1) * k, or k where joint. One object alone has no keys.
    """
    n, t = features.shape[:2]
    features = torch.nn.functional.normalize(features.float(), dim=-1) if config.normalise else features.float()
    if n == 1 and not config.joint:
        return torch.zeros(1, t, 0, dtype=torch.long, device=features.device)
    return torch.stack([row_keys(features, number, config) for number in range(n)])


def row_keys(features: Tensor, number: int, config: MatchingConfig) -> Tensor:
    """(t, keys) for the cells of one object: one object a time keeps the similarities small."""
    n, t = features.shape[:2]
    similarity = features[number] @ features.reshape(n * t, -1).T  # (t, n * t)
    if config.joint:
        return similarity.topk(min(config.k, n * t), dim=-1).indices
    best = similarity.reshape(t, n, t).topk(min(config.k, t), dim=-1).indices  # (t, n, k), in object m
    best = best + torch.arange(n, device=best.device)[:, None] * t
    others = [other for other in range(n) if other != number]
    return best[:, others].flatten(1)


def mask_from_keys(keys: Tensor) -> Tensor:
    """Boolean attention mask (n * t, n * t) that allows exactly `keys` (n, t, keys)."""
    n, t = keys.shape[:2]
    allowed = torch.zeros(n * t, n * t, dtype=torch.bool, device=keys.device)
    return allowed.scatter_(1, keys.reshape(n * t, -1), True)


def correspondence_accuracy(features: Tensor, canonical: Tensor, on_object: Tensor, diagonal: float) -> float:
    """Percentage of correct key points, in [0, 1]: best matches within a tenth of the diagonal of the true place.

    features: (n, t, c). canonical: (n, t, 3) canonical coordinates of the cells. on_object: (n, t) bool, cells that count.
    diagonal: of the object, in canonical units. NaN without a second object.
    """
    features = torch.nn.functional.normalize(features.float(), dim=-1)
    hits, tried = 0, 0
    for a in range(len(features)):
        for b in range(len(features)):
            if a == b or not on_object[a].any() or not on_object[b].any():
                continue
            similarity = features[a][on_object[a]] @ features[b][on_object[b]].T
            matched = canonical[b][on_object[b]][similarity.argmax(dim=-1)]
            distance = (matched - canonical[a][on_object[a]]).norm(dim=-1)
            hits, tried = hits + int((distance <= 0.1 * diagonal).sum()), tried + len(distance)
    return hits / tried if tried else float("nan")


@dataclass(frozen=True)
class RoiConfig:
    """The cells of an object."""

    cells: int = 8
    """Cells along each side of the cube."""
    margin_voxels: float = 1.0
    """By how much the cube exceeds the largest object of the scene."""
    compared: int | None = None
    """The most opaque cells of each object take part in the comparison, the others are air; None = all."""


def cell_centres(boxes: Tensor, grid: VoxelGrid, config: RoiConfig) -> Tensor:
    """World positions of the cells of every object, (n, cells^3, 3) metres, z slowest and x fastest. boxes: (n, 6).

    All cubes of a scene have the same side, that of its largest object, so that a cell means the same length everywhere.
    """
    side = boxes[:, 3:].max() + config.margin_voxels * grid.voxel_m
    offsets = (torch.arange(config.cells, device=boxes.device) + 0.5) / config.cells - 0.5
    z, y, x = torch.meshgrid(offsets, offsets, offsets, indexing="ij")
    local = side * torch.stack([x, y, z], dim=-1).reshape(-1, 3)
    return boxes[:, None, :3] + local[None]


def pool(volume: Tensor, points: Tensor, grid: VoxelGrid) -> Tensor:
    """Trilinear values of a (c, z, y, x) volume at (n, cells^3, 3). Returns (n, cells^3, c)."""
    return grid.sample(volume[None], points.reshape(1, -1, 3)).reshape(*points.shape[:2], -1)


def most_opaque(alpha: Tensor, count: int | None) -> Tensor:
    """(n, count) numbers of the most opaque cells of each object, ascending. alpha: (n, t). All cells where count is None."""
    n, t = alpha.shape
    if count is None or count >= t:
        return torch.arange(t, device=alpha.device).expand(n, -1)
    return alpha.detach().topk(count, dim=1).indices.sort(dim=1).values


@dataclass(frozen=True)
class AttentionConfig:
    """How objects are compared."""

    kind: str = "sparse"
    """`sparse`, `dense` or `none`; or `relations`, which compare registered objects."""
    width: int = 256
    """Width of a token."""
    heads: int = 8
    """Number of heads."""
    blocks: int = 3
    """Number of blocks."""
    self_attention: bool = False
    """Dense self-attention before the attention across objects, as in the released code."""
    initial_keys: bool = False
    """Keys and values from the tokens as pooled, as in the released code."""
    gated: bool = False
    """A gated feed-forward layer, as in the released code."""


class Attention(nn.Module):
    """Multi-headed attention of one scene's tokens. W^Q, W^K and W^V are shared by all objects (eq. 6)."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(width, width, bias=False) for _ in range(3))
        self.out = nn.Linear(width, width)

    def forward(self, queries: Tensor, keys: Tensor, allowed: Tensor | None) -> Tensor:
        """queries, keys: (l, width); allowed: (l, l) bool, None = all. One softmax over all allowed keys (eq. 7)."""

        def split(tokens: Tensor) -> Tensor:
            return tokens.unflatten(-1, (self.heads, -1)).transpose(0, 1)[None]  # (1, heads, l, width / heads)

        mixed = scaled_dot_product_attention(
            split(self.query(queries)), split(self.key(keys)), split(self.value(keys)), attn_mask=allowed
        )
        return self.out(mixed[0].transpose(0, 1).flatten(1))


class FeedForward(nn.Module):
    """Two linear layers with four times the width between, GELU, gated or not."""

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
    """Attention across instances and a feed-forward layer, each after a norm and added to its input."""

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
        if self.within is not None:
            normed = self.norm_within(tokens)
            tokens = tokens + self.within(normed, normed, None)
        if not alone:
            queries = self.norm_across(tokens)
            keys = self.norm_across(initial) if self.initial_keys else queries
            tokens = tokens + self.across(queries, keys, allowed)
        return tokens + self.feed_forward(self.norm_forward(tokens))


class CrossInstance(nn.Module):
    """Tokens of one scene, (n, t, width) in and out. Without attention, and for an object alone, blocks only feed forward."""

    def __init__(self, config: AttentionConfig):
        super().__init__()
        self.kind = config.kind
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks if config.kind != "none" else 0))

    def forward(self, tokens: Tensor, allowed: Tensor | None) -> Tensor:
        """allowed: (n * t, n * t) bool from mask_from_keys for sparse attention, None for dense."""
        n, t, _ = tokens.shape
        flat = initial = tokens.flatten(0, 1)
        for block in self.blocks:
            flat = block(flat, initial, allowed, alone=n == 1)
        return flat.unflatten(0, (n, t))


@dataclass(frozen=True)
class ClassifierConfig:
    """From attended cells to a logit."""

    channels: tuple[int, ...] = (128, 128, 128)
    """Channels after each halving of the cube."""
    hidden: int = 256
    """Inner width of the MLP."""
    mean: bool = False
    """Whether cells are averaged instead of convolved, as in the released code."""


class Classifier(nn.Module):
    """(n, cells^3, width) to (n,) logits, above 0 = anomalous."""

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
