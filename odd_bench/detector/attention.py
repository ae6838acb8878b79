"""Cross-instance attention between the cells of the objects of a scene (paper eqs. 6 and 7)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention


@dataclass(frozen=True)
class AttentionConfig:
    """kind: `sparse`, `dense` or `none`; or `relations`, which are compared instead of tokens. width: of a token inside.

    heads, blocks: as named.

    self_attention, initial_keys, gated: the released code's blocks. Dense attention before the sparse one; keys and values
    from the tokens as pooled; a gated feed-forward layer.
    """

    kind: str = "sparse"
    width: int = 256
    heads: int = 8
    blocks: int = 3
    self_attention: bool = False
    initial_keys: bool = False
    gated: bool = False


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
        """allowed: (n * t, n * t) bool from matching.mask_from_keys for sparse attention, None for dense."""
        n, t, _ = tokens.shape
        flat = initial = tokens.flatten(0, 1)
        for block in self.blocks:
            flat = block(flat, initial, allowed, alone=n == 1)
        return flat.unflatten(0, (n, t))


def gathered_attention(module: Attention, queries: Tensor, keys: Tensor, index: Tensor) -> Tensor:
    """The same as `module(queries, keys, mask)` by gathering each query's own keys: slow and large, to check against.

    index: (l, keys), no number twice in a row.
    """
    width = queries.shape[-1] // module.heads
    query = module.query(queries).unflatten(-1, (module.heads, width))  # (l, heads, d)
    key, value = (layer(keys)[index].unflatten(-1, (module.heads, width)) for layer in (module.key, module.value))
    weight = torch.softmax(torch.einsum("lhd,lkhd->lhk", query, key) / width**0.5, dim=-1)
    return module.out(torch.einsum("lhk,lkhd->lhd", weight, value).flatten(1))
