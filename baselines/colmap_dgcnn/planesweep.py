"""Depth maps by plane sweep (Collins, "A space-sweep approach to true multi-image matching", 1996).

The planes are fronto-parallel, and windows are compared by zero-mean normalised cross-correlation (ZNCC).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample, pad

from odd_bench.baselines.colmap_dgcnn.views import Views

PLANES_AT_ONCE = 8  # so that the data fit into the processor's cache
GREY = (0.299, 0.587, 0.114)
FLAT = 1e-6  # windows whose product of standard deviations is smaller have no correlation


@dataclass(frozen=True)
class PlaneSweepConfig:
    """The settings of the plane sweep."""

    planes: int = 64
    """Number of planes between the nearest and the farthest depth, evenly spaced in inverse depth."""
    sources: int = 4
    """Number of other views, nearest by angle, that a view is compared with. Only the best two count, so that a point that is
    hidden in the others still gets a depth.
    """
    radius: int = 3
    """Radius of the windows that are compared, in pixels; their side is 2 radius + 1."""
    min_score: float = 0.6
    """A pixel has no depth unless its ZNCC is above this value."""
    min_contrast: float = 0.02
    """A pixel has no depth unless the standard deviation of grey values, in [0, 1], in the 3 x 3 pixels around it is above this
    value. A pixel without contrast would get the depth of an edge elsewhere in its window.
    """


def sweep(views: Views, depth_range_m: np.ndarray, config: PlaneSweepConfig, device: torch.device | str) -> np.ndarray:
    """Planar depth (v, h, w) float32 in metres, 0 = none. depth_range_m: (v, 2), nearest and farthest depth of each view."""
    colors = torch.from_numpy(views.images).to(device).float() / 255
    grey = (colors * torch.tensor(GREY, device=device)).sum(dim=-1)  # (v, h, w)
    neighbours = nearest_views(views, config.sources)
    depths = [
        depth_of_view(views, grey, view, neighbours[view], depth_range_m[view], config) for view in range(len(views))
    ]
    return torch.stack(depths).cpu().numpy()


def nearest_views(views: Views, count: int) -> np.ndarray:
    """Indices (v, count) of the other views with the smallest angles between optical axes, nearest first."""
    axes = views.camera_from_world[:, 2, :3]  # (v, 3) where each camera looks
    cosine = axes @ axes.T
    np.fill_diagonal(cosine, -np.inf)
    return np.argsort(-cosine, axis=1, kind="stable")[:, : min(count, len(views) - 1)]


def depth_of_view(
    views: Views, grey: Tensor, view: int, sources: np.ndarray, range_m: np.ndarray, config: PlaneSweepConfig
) -> Tensor:
    """Depth (h, w) of one view in metres, 0 where no plane matches well enough."""
    inverse = torch.linspace(1 / range_m[0], 1 / range_m[1], config.planes, device=grey.device)
    reference = Window(grey[view], config.radius)
    others = [source_of(views, grey, view, source) for source in sources]
    scores = torch.cat(
        [best_two([other.scores(some, reference) for other in others]) for some in inverse.split(PLANES_AT_ONCE)]
    )  # (planes, h, w)
    score, plane = scores.max(dim=0)
    step = inverse[1] - inverse[0]
    depth = 1 / (inverse[plane] + step * peak_offset(scores, plane))
    convincing = (score > config.min_score) & (Window(grey[view], 1).deviation > config.min_contrast)
    inner = (plane > 0) & (plane < config.planes - 1)  # the first or last plane may be no maximum
    return torch.where(convincing & inner, depth, 0.0)


class Window:
    """Mean and standard deviation in a window around each pixel of a picture. grey: (h, w), in [0, 1]."""

    def __init__(self, grey: Tensor, radius: int):
        self.radius, self.grey = radius, grey
        self.mean = box_mean(grey, radius)
        self.deviation = (box_mean(grey**2, radius) - self.mean**2).clamp(min=0).sqrt()

    def correlation(self, other: Tensor) -> Tensor:
        """ZNCC (n, h, w) in [-1, 1] with other pictures (n, h, w); -1 where either window is flat."""
        mean = box_mean(other, self.radius)
        variance = torch.addcmul(box_mean(other * other, self.radius), mean, mean, value=-1)
        covariance = torch.addcmul(box_mean(self.grey * other, self.radius), self.mean, mean, value=-1)
        scale = variance.clamp_(min=0).sqrt_().mul_(self.deviation)
        flat = scale <= FLAT
        return covariance.div_(scale.clamp_(min=FLAT)).clamp_(-1, 1).masked_fill_(flat, -1.0)


@dataclass(frozen=True)
class Source:
    """Another view that a view is compared with.

    grey: (h, w), its picture. rays: (3, h, w), homogeneous positions of the pixels of the view in this picture, from -1 to 1, if
    they are infinitely far away. offset: (3, 1, 1), added to rays once per unit of inverse depth.
    """

    grey: Tensor
    rays: Tensor
    offset: Tensor

    def scores(self, inverse: Tensor, reference: Window) -> Tensor:
        """ZNCC (n, h, w) of the view with this one warped by planes at inverse depths (n,), in 1 / m; -1 outside its picture."""
        x, y, away = (ray + inverse[:, None, None] * add for ray, add in zip(self.rays, self.offset, strict=True))
        grid = torch.stack([x.div_(away), y.div_(away)], dim=-1)
        pictures = self.grey.expand(len(grid), 1, -1, -1)
        warped = grid_sample(pictures, grid, padding_mode="border", align_corners=False)[:, 0]
        outside = (x.abs_() >= 1) | (y.abs_() >= 1) | (away <= 0)
        return reference.correlation(warped).masked_fill_(outside, -1.0)


def source_of(views: Views, grey: Tensor, view: int, source: int) -> Source:
    """The source that compares `view` with the view `source`. grey: (v, h, w)."""
    height, width = grey.shape[1:]
    rotation, shift = relative_motion(views, view, source)
    K = np.array([[2 / width, 0, -1], [0, 2 / height, -1], [0, 0, 1]]) @ views.K[source]
    u, v = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    pixels = np.stack([u, v, np.ones_like(u)])  # (3, h, w)
    rays = np.einsum("ij,jhw->ihw", K @ rotation @ np.linalg.inv(views.K[view]), pixels)
    return Source(grey[source], torch.from_numpy(rays).to(grey), torch.from_numpy(K @ shift).to(grey)[:, None, None])


def relative_motion(views: Views, view: int, source: int) -> tuple[np.ndarray, np.ndarray]:
    """Rotation (3, 3) and translation (3,), metres, from the camera of `view` to that of `source`."""
    motion = views.camera_from_world[source] @ np.linalg.inv(views.camera_from_world[view])
    return motion[:3, :3], motion[:3, 3]


def best_two(scores: list[Tensor]) -> Tensor:
    """Mean of the two highest of several score volumes, element by element; a single volume stays as it is."""
    if len(scores) == 1:
        return scores[0]
    first, second = torch.maximum(scores[0], scores[1]), torch.minimum(scores[0], scores[1])
    for score in scores[2:]:
        second = torch.maximum(second, torch.minimum(first, score))
        first = torch.maximum(first, score)
    return (first + second) / 2


def peak_offset(scores: Tensor, plane: Tensor) -> Tensor:
    """Offset (h, w) in [-0.5, 0.5] planes of the vertex of a parabola through the best plane and its two neighbours."""
    planes = len(scores)
    here, before, after = (scores.gather(0, (plane + shift).clamp(0, planes - 1)[None])[0] for shift in (0, -1, 1))
    bend = before - 2 * here + after
    return torch.where(bend < -1e-6, 0.5 * (before - after) / bend, 0.0).clamp(-0.5, 0.5)


def box_mean(pictures: Tensor, radius: int) -> Tensor:
    """Mean over a window of side 2 radius + 1 around each pixel of (..., h, w). Border pixels are repeated."""
    height, width = pictures.shape[-2:]
    side = 2 * radius + 1
    padded = pad(pictures.reshape(-1, 1, height, width), [radius] * 4, mode="replicate")
    return (window_sums(window_sums(padded, 2, side), 3, side) / side**2).view(pictures.shape)


def window_sums(values: Tensor, axis: int, count: int) -> Tensor:
    """Sums of `count` consecutive values along an axis, which becomes count - 1 shorter.

    They are composed of blocks of doubling length. On a processor this takes a tenth of the time of PyTorch's pooling.
    """
    length = values.shape[axis] - count + 1
    total, start, block, size = None, 0, values, 1
    while count:
        if count & 1:
            part = block.narrow(axis, start, length)
            total = part if total is None else total + part
            start += size
        count >>= 1
        if count:
            block = block.narrow(axis, 0, block.shape[axis] - size) + block.narrow(axis, size, block.shape[axis] - size)
            size *= 2
    return total
