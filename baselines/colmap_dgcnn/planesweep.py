"""Depth maps by plane sweep: fronto-parallel planes, windows compared by zero-mean normalised cross-correlation (ZNCC).

Collins, "A space-sweep approach to true multi-image matching", 1996.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample, pad

from odd_bench.baselines.colmap_dgcnn.views import Views

PLANES_AT_ONCE = 8  # so that the work stays in the processor's cache
GREY = (0.299, 0.587, 0.114)
FLAT = 1e-6  # product of two deviations below which there is nothing to correlate


@dataclass(frozen=True)
class PlaneSweepConfig:
    """The plane sweep."""

    planes: int = 64
    """Number of planes from the nearest to the farthest depth, evenly in inverse depth."""
    sources: int = 4
    """Other views that a view is compared with, nearest by angle; the best two count, so that a point hidden in the
    others is still found.
    """
    radius: int = 3
    """Half the side of the window that is compared, pixels."""
    min_score: float = 0.6
    """ZNCC below which a pixel has no depth."""
    min_contrast: float = 0.02
    """Standard deviation of grey, in [0, 1], in the 3 x 3 pixels around it below which it has none either: a flat
    pixel takes the depth of an edge in its window, which is another's.
    """


def sweep(views: Views, depth_range_m: np.ndarray, config: PlaneSweepConfig, device: torch.device | str) -> np.ndarray:
    """(v, h, w) float32 planar depth in metres, 0 where there is none. depth_range_m: (v, 2) nearest and farthest."""
    colors = torch.from_numpy(views.images).to(device).float() / 255
    grey = (colors * torch.tensor(GREY, device=device)).sum(dim=-1)  # (v, h, w)
    neighbours = nearest_views(views, config.sources)
    depths = [
        depth_of_view(views, grey, view, neighbours[view], depth_range_m[view], config) for view in range(len(views))
    ]
    return torch.stack(depths).cpu().numpy()


def nearest_views(views: Views, count: int) -> np.ndarray:
    """(v, count) other views by the angle between their directions from the middle of what all look at."""
    axes = views.camera_from_world[:, 2, :3]  # (v, 3) where each camera looks
    cosine = axes @ axes.T
    np.fill_diagonal(cosine, -np.inf)
    return np.argsort(-cosine, axis=1, kind="stable")[:, : min(count, len(views) - 1)]


def depth_of_view(
    views: Views, grey: Tensor, view: int, sources: np.ndarray, range_m: np.ndarray, config: PlaneSweepConfig
) -> Tensor:
    """(h, w) depth of one view, metres, 0 where no plane is convincing."""
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
    inner = (plane > 0) & (plane < config.planes - 1)  # a best plane at either end of the range is no maximum
    return torch.where(convincing & inner, depth, 0.0)


class Window:
    """Mean and deviation of the pixels around each pixel of one picture. grey: (h, w) in [0, 1]."""

    def __init__(self, grey: Tensor, radius: int):
        self.radius, self.grey = radius, grey
        self.mean = box_mean(grey, radius)
        self.deviation = (box_mean(grey**2, radius) - self.mean**2).clamp(min=0).sqrt()

    def correlation(self, other: Tensor) -> Tensor:
        """ZNCC in [-1, 1] with other pictures (n, h, w), -1 where the other is flat."""
        mean = box_mean(other, self.radius)
        variance = torch.addcmul(box_mean(other * other, self.radius), mean, mean, value=-1)
        covariance = torch.addcmul(box_mean(self.grey * other, self.radius), self.mean, mean, value=-1)
        scale = variance.clamp_(min=0).sqrt_().mul_(self.deviation)
        flat = scale <= FLAT
        return covariance.div_(scale.clamp_(min=FLAT)).clamp_(-1, 1).masked_fill_(flat, -1.0)


@dataclass(frozen=True)
class Source:
    """Another view that a view is compared with. grey: (h, w). rays: (3, h, w) and offset: (3, 1, 1), homogeneous positions in
    its picture, from -1 to 1, of the view's pixels far away, and what nearness adds to them.
    """

    grey: Tensor
    rays: Tensor
    offset: Tensor

    def scores(self, inverse: Tensor, reference: Window) -> Tensor:
        """(n, h, w) ZNCC of the view with this one seen through planes at inverse depths (n,), 1 / m; -1 where it sees nothing."""
        x, y, away = (ray + inverse[:, None, None] * add for ray, add in zip(self.rays, self.offset, strict=True))
        grid = torch.stack([x.div_(away), y.div_(away)], dim=-1)
        pictures = self.grey.expand(len(grid), 1, -1, -1)
        warped = grid_sample(pictures, grid, padding_mode="border", align_corners=False)[:, 0]
        outside = (x.abs_() >= 1) | (y.abs_() >= 1) | (away <= 0)
        return reference.correlation(warped).masked_fill_(outside, -1.0)


def source_of(views: Views, grey: Tensor, view: int, source: int) -> Source:
    """How a view's pixels lie in another. grey: (v, h, w)."""
    height, width = grey.shape[1:]
    rotation, shift = relative_motion(views, view, source)
    K = np.array([[2 / width, 0, -1], [0, 2 / height, -1], [0, 0, 1]]) @ views.K[source]
    u, v = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    pixels = np.stack([u, v, np.ones_like(u)])  # (3, h, w)
    rays = np.einsum("ij,jhw->ihw", K @ rotation @ np.linalg.inv(views.K[view]), pixels)
    return Source(grey[source], torch.from_numpy(rays).to(grey), torch.from_numpy(K @ shift).to(grey)[:, None, None])


def relative_motion(views: Views, view: int, source: int) -> tuple[np.ndarray, np.ndarray]:
    """Rotation (3, 3) and shift (3,), metres, from the view's camera to the source's."""
    motion = views.camera_from_world[source] @ np.linalg.inv(views.camera_from_world[view])
    return motion[:3, :3], motion[:3, 3]


def best_two(scores: list[Tensor]) -> Tensor:
    """Mean of the two best of a few score volumes; the score itself where there is one alone."""
    if len(scores) == 1:
        return scores[0]
    first, second = torch.maximum(scores[0], scores[1]), torch.minimum(scores[0], scores[1])
    for score in scores[2:]:
        second = torch.maximum(second, torch.minimum(first, score))
        first = torch.maximum(first, score)
    return (first + second) / 2


def peak_offset(scores: Tensor, plane: Tensor) -> Tensor:
    """(h, w) in [-0.5, 0.5]: where a parabola through the best plane and its two neighbours has its top, in planes."""
    planes = len(scores)
    here, before, after = (scores.gather(0, (plane + shift).clamp(0, planes - 1)[None])[0] for shift in (0, -1, 1))
    bend = before - 2 * here + after
    return torch.where(bend < -1e-6, 0.5 * (before - after) / bend, 0.0).clamp(-0.5, 0.5)


def box_mean(pictures: Tensor, radius: int) -> Tensor:
    """Mean over (2 radius + 1) squared pixels around each pixel of (..., h, w); the border repeats."""
    height, width = pictures.shape[-2:]
    side = 2 * radius + 1
    padded = pad(pictures.reshape(-1, 1, height, width), [radius] * 4, mode="replicate")
    return (window_sums(window_sums(padded, 2, side), 3, side) / side**2).view(pictures.shape)


def window_sums(values: Tensor, axis: int, count: int) -> Tensor:
    """Sums of `count` neighbours along an axis, which gets count - 1 shorter, from blocks of doubling length.

    Takes a tenth of the time of PyTorch's pooling on a processor.
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
