"""The heights of objects, estimated from silhouettes and colours.

Cameras above a flat object leave a visual hull that ends in a cone: it is as wide as the object at the bottom and two to five times
too high. Silhouettes tell more than their hull. A part of the hull on the ray of a pixel must explain the pixel, and for a flat
object the lowest height below which the hull explains nearly all pixels is the true height, cone or not. Colours tell it too: at
the height of a surface, all views show the same colours. Instances of one shape in one rest pose have one height, so the medians
of the scene are features as well. Small networks learn the height from these features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import grid_sample, smooth_l1_loss

from odd_bench.blocks.backprojection import picture_positions, pixel_directions, project_points
from odd_bench.blocks.precision import full_precision
from odd_bench.blocks.standardised import Standardised
from odd_bench.detector.carving import Carved
from odd_bench.detector.hulls import outline_distance
from odd_bench.detector.object_pixels import STRIDE

LAYERS = 10  # layers of the voxels of an object, from bottom to top
LEVELS = 16  # heights at which colours are compared
ACROSS = 16  # points along a side of the box at each height
STEPS = 32  # samples along a ray, from the highest top to the floor
QUANTILES = (0.8, 0.9, 0.95, 0.98, 1.0)  # quantiles of the heights that explain the pixels of an object
LEAST_PIXELS = 5  # a view with fewer pixels of an object does not count
INSIDE_M, NEARLY_M = 0.001, 0.004  # points this far outside an outline still count as inside: for rays, for colours
LOWEST_M = 0.004  # lower heights count as this one
FAINT = 1e-4  # a variance of colours that is negligible
LEAST_INSIDE = 0.05  # a height at which a smaller share of the box lies in the hull shows no surface
SHARPNESS = (15.0, 50.0)  # of the soft choice of the height at which colours agree best
OWN = 3 * LAYERS + 4 + 2 * len(QUANTILES) + 2 * LEVELS + len(SHARPNESS) + 2
FEATURES = 2 * OWN + 2 * len(QUANTILES) + len(SHARPNESS) + 1
HIDDEN = 32
LOWEST, HIGHEST = -2.0, 0.4  # limits of the logarithm by which a height is changed
SLIGHT = 0.1  # errors of the logarithm below this count quadratically


@dataclass(frozen=True)
class HeightsConfig:
    """Heights of boxes."""

    networks: int = 1
    """Number of networks whose answers are averaged."""


class BoxHeights(nn.Module):
    """Small networks on `height_features` whose answers are averaged, since scenes are few. Untrained, they change nothing."""

    def __init__(self, config: HeightsConfig = HeightsConfig()) -> None:
        super().__init__()
        self.standardised = Standardised(FEATURES)
        self.networks = nn.ModuleList(network() for _ in range(config.networks))

    def forward(self, features: np.ndarray) -> Tensor:
        """Logarithms of true height over carved height, (networks, n). features: (n, FEATURES)."""
        rows = self.rows(features)
        with torch.autocast(rows.device.type, enabled=False):  # heights are millimetres
            return torch.stack([one(rows)[:, 0] for one in self.networks]).clamp(LOWEST, HIGHEST)

    def rows(self, features: np.ndarray) -> Tensor:
        """Features (r, FEATURES) as the networks read them: standardised."""
        return self.standardised(torch.from_numpy(features).to(self.standardised.mean))

    @torch.no_grad()
    def lowered(self, boxes: np.ndarray, features: np.ndarray) -> np.ndarray:
        """Boxes (n, 6) of carved objects with these features, with the estimated heights."""
        return with_heights(boxes, boxes[:, 5] * self(features).mean(dim=0).exp().cpu().numpy())

    def loss(self, boxes: np.ndarray, features: np.ndarray, true_boxes: np.ndarray, owner: np.ndarray) -> Tensor:
        """Mean error of the logarithms. true_boxes: (t, 6). owner: (n,) index of the true object of each box, -1 for none."""
        judged = owner >= 0
        if not judged.any():
            return self(features).sum() * 0
        wanted = torch.from_numpy(wanted_heights(boxes[judged], true_boxes[owner[judged]]))
        found = self(features)[:, torch.from_numpy(judged)]
        return smooth_l1_loss(found, wanted.to(found).expand_as(found), beta=SLIGHT)


def network() -> nn.Sequential:
    """One of the networks of `BoxHeights`."""
    last = nn.Linear(HIDDEN, 1)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(FEATURES, HIDDEN), nn.ReLU(inplace=True), last)


def wanted_heights(boxes: np.ndarray, true_boxes: np.ndarray) -> np.ndarray:
    """Logarithms of true height over height of boxes (n, 6), (n,). The true boxes (n, 6) are taken to stand on the same bottoms."""
    height = (true_boxes[:, 2] + true_boxes[:, 5] / 2) - (boxes[:, 2] - boxes[:, 5] / 2)
    return np.log(np.maximum(height / boxes[:, 5], np.exp(LOWEST))).clip(LOWEST, HIGHEST)


def with_heights(boxes: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Boxes (n, 6) with other heights (n,) and the same bottoms."""
    changed = boxes.copy()
    changed[:, 2] += (heights - boxes[:, 5]) / 2
    changed[:, 5] = heights
    return changed


def above_one_another(boxes: np.ndarray, true_boxes: np.ndarray) -> np.ndarray:
    """Index of the true box (t, 6) whose middle is nearest to that of each of boxes (n, 6), seen from above, (n,).

    -1 if it is further away than a quarter of the box's mean side: heights are learnt only from boxes that are right otherwise.
    """
    if not len(true_boxes):
        return np.full(len(boxes), -1)
    apart = np.linalg.norm(boxes[:, None, :2] - true_boxes[None, :, :2], axis=-1)  # (n, t)
    return np.where(apart.min(axis=1) <= boxes[:, 3:5].mean(axis=1) / 4, apart.argmin(axis=1), -1)


@torch.no_grad()
@full_precision
def height_features(
    outlines: Tensor, pictures: Tensor, K: Tensor, camera_from_world: Tensor, carved: Carved
) -> np.ndarray:
    """(n, FEATURES) of each carved object: its layers, what explains its pixels, where colours agree; then the medians of the
    scene: of these, and of all heights in metres over that of the object.

    outlines: (v, h, w) signed pixels of all objects' silhouettes. pictures: (v, 3, h, w) in [0, 1].
    """
    if not len(carved.objects):
        return np.zeros((0, FEATURES))
    views, boxes = (K, camera_from_world), carved.boxes
    height, top = boxes[:, 5:], boxes[:, 2:3] + boxes[:, 5:] / 2
    explained = np.maximum(explaining_heights(boxes, outlines, *views), LOWEST_M)
    agreement = color_agreement(boxes, outlines, pictures, *views)
    share, least, depth = surface(agreement)
    surfaces = np.maximum(share * top, LOWEST_M)
    known = np.concatenate([explained, surfaces, height], axis=1)  # metres
    said = [layer_features(carved), np.log(explained / height), agreement, np.log(surfaces / height), least, depth]
    own = np.concatenate(said, axis=1)
    medians = np.broadcast_to(np.median(own, axis=0), own.shape)
    return np.concatenate([own, medians, np.log(np.median(known, axis=0) / height)], axis=1)


def surface(agreement: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where colours agree best, of `color_agreement` (n, 2 LEVELS): its share of the top (n, SHARPNESS), the variance between the
    views there (n, 1), and how far it lies below the median of all heights (n, 1). The floor itself is none.
    """
    inside, between = np.split(agreement, 2, axis=1)
    between = np.where(inside > LEAST_INSIDE, between, 1.0)
    between[:, 0] = 1.0
    least = between.min(axis=1, keepdims=True)
    levels, found = np.linspace(0, 1, LEVELS), []
    for sharpness in SHARPNESS:
        weight = np.exp(-sharpness * (between - least))
        found.append((weight * levels).sum(axis=1) / weight.sum(axis=1))
    return np.stack(found, axis=1), least, np.median(between, axis=1, keepdims=True) - least


def layer_features(carved: Carved) -> np.ndarray:
    """(n, 3 LAYERS + 4): of LAYERS layers from bottom to top, size relative to the largest, mean and largest alpha; then the
    logarithms of the sides of the box, metres, and of its height over its width.
    """
    found = np.zeros((len(carved.objects), 3 * LAYERS + 4))
    for number, (voxels, alpha, box) in enumerate(zip(carved.objects, carved.alphas, carved.boxes, strict=True)):
        height = voxels[:, 2] - voxels[:, 2].min()
        layer = (height / (height.max() + 1) * LAYERS).astype(int)
        count = np.bincount(layer, minlength=LAYERS)
        mean = np.bincount(layer, alpha, minlength=LAYERS) / np.maximum(count, 1)
        largest = np.zeros(LAYERS)
        np.maximum.at(largest, layer, alpha)
        flatness = np.log(box[5] / np.sqrt(box[3] * box[4]))
        found[number] = np.concatenate([count / count.max(), mean, largest, np.log(box[3:]), [flatness]])
    return found


def explaining_heights(boxes: np.ndarray, outlines: Tensor, K: Tensor, camera_from_world: Tensor) -> np.ndarray:
    """(n, 2 QUANTILES) metres above the floor below which the hulls in boxes (n, 6) explain these shares of their pixels.

    A pixel is explained up from the lowest point of the hull that its ray passes. First of the pixels of all views together, then
    the median over the views.
    """
    top = float((boxes[:, 2] + boxes[:, 5] / 2).max())
    heights = torch.linspace(top, 0, STEPS, device=K.device)
    lowest = [lowest_met(view, boxes, heights, outlines, K, camera_from_world) for view in range(len(K))]
    found = np.repeat(boxes[:, 2:3] + boxes[:, 5:] / 2, 2 * len(QUANTILES), axis=1)
    for number in range(len(boxes)):
        views = [height[owner == number] for owner, height in lowest]
        views = [height for height in views if len(height) >= LEAST_PIXELS]
        if views:
            found[number, : len(QUANTILES)] = np.quantile(np.concatenate(views), QUANTILES)
            found[number, len(QUANTILES) :] = np.median([np.quantile(one, QUANTILES) for one in views], axis=0)
    return found


def lowest_met(
    view: int, boxes: np.ndarray, heights: Tensor, outlines: Tensor, K: Tensor, camera_from_world: Tensor
) -> tuple[np.ndarray, np.ndarray]:
    """(r,) number of the object that each pixel of a view shows, -1 for none, and the lowest height at which its ray meets it.

    heights: (s,) descending. A pixel shows the object whose hull its ray meets first.
    """
    row, column = torch.nonzero(outlines[view, ::STRIDE, ::STRIDE] < 0, as_tuple=True)
    pixels = STRIDE * torch.stack([column, row], dim=1).to(K) + 0.5
    eye, directions = pixel_directions(K[view], camera_from_world[view], pixels)  # (3,), (r, 3)
    along = (heights - eye[2]) / directions[:, 2:]  # (r, s)
    points = eye + along[..., None] * directions[:, None]  # (r, s, 3)
    inside = outline_distance(outlines, K, camera_from_world, points.reshape(-1, 3)).reshape(along.shape) <= INSIDE_M
    middles, half = torch.from_numpy(boxes[:, :2]).to(K), torch.from_numpy(boxes[:, 3:5] / 2).to(K)
    beyond = ((points[:, :, None, :2] - middles).abs() / half).amax(dim=-1)  # (r, s, n)
    nearest, whose = beyond.min(dim=-1)
    met = inside & (nearest <= 1) & (along > 0)
    first = met.float().argmax(dim=1, keepdim=True)
    owner = whose.gather(1, first)
    last = met.shape[1] - 1 - (met & (whose == owner)).flip(1).float().argmax(dim=1)
    owner = torch.where(met.any(dim=1), owner[:, 0], -1)
    return owner.cpu().numpy(), heights[last].cpu().numpy()


def color_agreement(
    boxes: np.ndarray, outlines: Tensor, pictures: Tensor, K: Tensor, camera_from_world: Tensor
) -> np.ndarray:
    """(n, 2 LEVELS) at LEVELS heights from the floor to the top of boxes (n, 6): the share of the box that lies in the hull, and
    the share of the variance of its colours that is between the views, each view's mean taken off.
    """
    box = torch.from_numpy(boxes).to(K)
    spots = (torch.arange(ACROSS, device=K.device) + 0.5) / ACROSS - 0.5
    y, x = torch.meshgrid(spots, spots, indexing="ij")
    flat = torch.stack([x, y], dim=-1).reshape(1, 1, -1, 2) * box[:, None, None, 3:5] + box[:, None, None, :2]
    high = (box[:, 2] + box[:, 5] / 2)[:, None] * torch.linspace(0, 1, LEVELS, device=K.device)  # (n, LEVELS)
    count = ACROSS * ACROSS
    flat = flat.expand(-1, LEVELS, -1, -1)
    points = torch.cat([flat, high[..., None, None].expand(-1, -1, count, 1)], dim=-1)  # (n, LEVELS, count, 3)
    listed = points.reshape(-1, 3)
    inside = (outline_distance(outlines, K, camera_from_world, listed) <= NEARLY_M).reshape(points.shape[:3])
    pixels, _ = project_points(K, camera_from_world, listed)
    position = picture_positions(pixels, (pictures.shape[2], pictures.shape[3]))
    colors = grid_sample(pictures, position[:, None], padding_mode="border", align_corners=False)[:, :, 0]
    colors = colors.unflatten(2, points.shape[:3])  # (v, 3, n, LEVELS, count)
    points_inside = inside.sum(dim=-1).clamp(min=1)
    mean = (colors * inside).sum(dim=-1, keepdim=True) / points_inside[..., None]
    apart = (colors - mean) * inside
    between = (apart - apart.mean(dim=0)).square().sum(dim=(0, 1, 4))
    whole = apart.square().sum(dim=(0, 1, 4))
    share = between / (whole + FAINT * len(pictures) * pictures.shape[1] * points_inside)
    return torch.cat([inside.float().mean(dim=-1), share], dim=1).cpu().numpy()
