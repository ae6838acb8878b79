"""Cells of objects, and correspondences between the cells of two instances of a shape.

Correspondences are found from features (paper eq. 5). They are supervised by a teacher, or by the poses that the generator knows:
cells at equal canonical coordinates should have equal projected features, and other cells different ones. The loss is the
cross-entropy between the softmax over the cells of the other object and a Gaussian around the true position. If a rotation about
the upright axis of a shape leaves its reconstruction unchanged, the rotated position counts as equally true.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from odd_bench.blocks.precision import full_precision
from odd_bench.blocks.voxel_grid import VoxelGrid
from odd_bench.data.batch import SceneBatch
from odd_bench.detector.volumes import Volumes


@dataclass(frozen=True)
class RoiConfig:
    """The settings of the cells of objects."""

    cells: int = 8
    """Number of cells along each side of the cube."""
    margin_voxels: float = 1.0
    """By how much the side of the cube exceeds the largest side of all objects in the scene, in voxels."""
    compared: int | None = None
    """Only this many of the most opaque cells of each object are compared; None = all. The others are air."""


def cell_centres(boxes: Tensor, grid: VoxelGrid, config: RoiConfig) -> Tensor:
    """Centres (n, cells^3, 3) of the cells of every object, metres, world, with z slowest and x fastest. boxes: (n, 6).

    All cubes of a scene have the same side, that of its largest object, so that all cells have the same size.
    """
    side = boxes[:, 3:].max() + config.margin_voxels * grid.voxel_m
    offsets = (torch.arange(config.cells, device=boxes.device) + 0.5) / config.cells - 0.5
    z, y, x = torch.meshgrid(offsets, offsets, offsets, indexing="ij")
    local = side * torch.stack([x, y, z], dim=-1).reshape(-1, 3)
    return boxes[:, None, :3] + local[None]


def pool(volume: Tensor, points: Tensor, grid: VoxelGrid) -> Tensor:
    """Values (n, cells^3, c) of a volume (c, z, y, x) at points (n, cells^3, 3), interpolated trilinearly."""
    return grid.sample(volume[None], points.reshape(1, -1, 3)).reshape(*points.shape[:2], -1)


def most_opaque(alpha: Tensor, count: int | None) -> Tensor:
    """Indices (n, count) of the most opaque cells of each object, ascending; all cells if count is None. alpha: (n, t)."""
    n, t = alpha.shape
    if count is None or count >= t:
        return torch.arange(t, device=alpha.device).expand(n, -1)
    return alpha.detach().topk(count, dim=1).indices.sort(dim=1).values


@dataclass(frozen=True)
class MatchingConfig:
    """The settings of correspondences between cells (eq. 5)."""

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
    """Indices (n, t, keys), into all n * t cells, of the cells that each cell attends to. features: (n, t, c), beta(z).

    keys is (n - 1) * k, or k if config.joint. Without config.joint, a single object has no keys.
    """
    n, t = features.shape[:2]
    features = torch.nn.functional.normalize(features.float(), dim=-1) if config.normalise else features.float()
    if n == 1 and not config.joint:
        return torch.zeros(1, t, 0, dtype=torch.long, device=features.device)
    return torch.stack([row_keys(features, number, config) for number in range(n)])


def row_keys(features: Tensor, number: int, config: MatchingConfig) -> Tensor:
    """Indices (t, keys) for the cells of one object. Computing one object at a time saves memory."""
    n, t = features.shape[:2]
    similarity = features[number] @ features.reshape(n * t, -1).T  # (t, n * t)
    if config.joint:
        return similarity.topk(min(config.k, n * t), dim=-1).indices
    best = similarity.reshape(t, n, t).topk(min(config.k, t), dim=-1).indices  # (t, n, k), in object m
    best = best + torch.arange(n, device=best.device)[:, None] * t
    others = [other for other in range(n) if other != number]
    return best[:, others].flatten(1)


def correspondence_accuracy(features: Tensor, canonical: Tensor, on_object: Tensor, diagonal: float) -> float:
    """PCK (percentage of correct keypoints), in [0, 1]: share of best matches within a tenth of the diagonal of the true position.

    features: (n, t, c). canonical: (n, t, 3), canonical coordinates of the cells. on_object: (n, t) bool, cells that count.
    diagonal: of the object, in canonical units. The result is NaN if there is no second object.
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


# Canonical coordinates

TEMPERATURE = 0.1  # of the softmax over cosine similarities
SPREAD_CELLS = 0.7  # standard deviation of the Gaussian, in cells
TURNS = 8  # number of rotations about the upright axis that are tested
TOLERANCE = 0.1  # a shape is symmetric if the mean of the largest difference in colour or alpha is at most this


@dataclass(frozen=True)
class CanonicalConfig:
    """The settings of supervision by canonical coordinates."""

    alpha_above: float = 0.2
    """A cell with a higher alpha counts as part of an object."""


@full_precision
def canonical_coordinates(points: Tensor, world_from_object: Tensor) -> Tensor:
    """Convert points (n, t, 3) of each object from the world to the canonical frame. world_from_object: (n, 4, 4)."""
    inverse = torch.linalg.inv(world_from_object)
    return points @ inverse[:, :3, :3].transpose(1, 2) + inverse[:, None, :3, 3]


def shape_scale(world_from_object: Tensor) -> Tensor:
    """Metres per unit of the canonical frame (...) of similarities (..., 4, 4)."""
    return torch.linalg.det(world_from_object[..., :3, :3]).abs() ** (1 / 3)


def canonical_diagonal(obbs: Tensor, world_from_object: Tensor) -> float:
    """Diagonal of the oriented box of the first object, in canonical units. obbs: (n, 7)."""
    return float(obbs[0, 3:6].norm() / shape_scale(world_from_object[0]))


def upright_turns(count: int, device: torch.device | None = None) -> Tensor:
    """Rotations (count, 3, 3) about z by multiples of a full turn / count, starting with the identity."""
    angles = 2 * torch.pi * torch.arange(count, device=device) / count
    turns = torch.eye(3, device=device).repeat(count, 1, 1)
    turns[:, 0, 0] = turns[:, 1, 1] = angles.cos()
    turns[:, 1, 0], turns[:, 0, 1] = angles.sin(), -angles.sin()
    return turns


@torch.no_grad()
@full_precision
def symmetries(
    color_alpha: Tensor, canonical: Tensor, on_object: Tensor, world_from_object: Tensor, grid: VoxelGrid
) -> Tensor:
    """Rotations (g, 3, 3) about the upright axis that leave the colour and alpha of the objects unchanged; always has the identity.

    color_alpha: (4, z, y, x). canonical: (n, t, 3), canonical coordinates of cells. on_object: (n, t) bool, cells that count.
    """
    turns = upright_turns(TURNS, canonical.device)
    turned = torch.einsum("gij,ntj->gnti", turns, canonical)
    world = turned @ world_from_object[:, :3, :3].transpose(1, 2) + world_from_object[:, None, :3, 3]
    seen = grid.sample(color_alpha[None], world.reshape(1, -1, 3)).reshape(*world.shape[:3], 4)
    change = (seen - seen[:1]).abs().amax(dim=-1)[:, on_object].mean(dim=-1)  # (g,)
    keep = change <= TOLERANCE
    keep[0] = True
    return turns[keep]


@full_precision
def contrastive_loss(
    features: Tensor, canonical: Tensor, on_object: Tensor, turns: Tensor, spread: float, temperature: float
) -> Tensor:
    """Mean cross-entropy over cells and ordered pairs of objects; 0 if no pair has matching cells.

    features: (n, t, c). canonical: (n, t, 3). on_object: (n, t) bool. turns: (g, 3, 3), symmetries. spread: standard deviation of
    the Gaussian in canonical units.
    """
    features = torch.nn.functional.normalize(features.float(), dim=-1)
    terms = []
    for a in range(len(features)):
        for b in range(len(features)):
            if a != b and on_object[a].any() and on_object[b].any():
                terms.append(pair_loss(features[a][on_object[a]], features[b][on_object[b]],
                                       canonical[a][on_object[a]], canonical[b][on_object[b]],
                                       turns, spread, temperature))  # fmt: skip
    losses = torch.cat(terms) if terms else features.new_zeros(0)
    return losses.mean() if len(losses) else features.sum() * 0


def pair_loss(
    from_features: Tensor, to_features: Tensor, from_place: Tensor, to_place: Tensor, turns: Tensor, spread: float,
    temperature: float,
) -> Tensor:  # fmt: skip
    """Cross-entropies (q,) of those cells of one object that have a counterpart in the other."""
    turned = torch.einsum("gij,qj->gqi", turns, from_place)
    # (q, k), smallest over the symmetries
    distance = torch.cdist(turned, to_place.expand(len(turns), -1, -1)).amin(dim=0)
    there = distance.amin(dim=1) <= 2 * spread
    target = torch.softmax(-(distance / spread).square() / 2, dim=1)
    predicted = torch.log_softmax(from_features @ to_features.T / temperature, dim=1)
    return -(target * predicted).sum(dim=1)[there]


def canonical_loss(volumes: Volumes, batch: SceneBatch, config: CanonicalConfig, roi: RoiConfig) -> Tensor:
    """Mean over scenes of the contrastive loss of the projected features of true instances."""
    return torch.stack([scene_canonical_loss(volumes, batch, scene, config, roi) for scene in range(len(batch))]).mean()


def scene_canonical_loss(
    volumes: Volumes, batch: SceneBatch, scene: int, config: CanonicalConfig, roi: RoiConfig
) -> Tensor:
    """The contrastive loss of one scene."""
    poses, grid = batch.world_from_object[scene], volumes.grid
    cells = cell_centres(batch.boxes[scene], grid, roi)
    features = pool(volumes.features[scene], cells, grid)
    on_object = pool(volumes.alpha[scene].detach()[None], cells, grid)[..., 0] > config.alpha_above  # (n, t)
    if not on_object.any():
        return features.sum() * 0
    canonical = canonical_coordinates(cells, poses)
    turns = symmetries(volumes.color_alpha[scene].detach(), canonical, on_object, poses, grid)
    spread = SPREAD_CELLS * (cells[0, 1] - cells[0, 0]).norm() / shape_scale(poses[0])
    return contrastive_loss(volumes.project(features), canonical, on_object, turns, float(spread), TEMPERATURE)
