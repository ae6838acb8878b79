"""Pictures to watch training by: rendered colour and mask, features as colours, boxes, correspondences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from odd_bench.boxes import EDGES, box_corners
from odd_bench.data.batch import SceneBatch
from odd_bench.detector.backproject import project_points
from odd_bench.detector.matching import MatchingConfig, correspondences
from odd_bench.detector.render import feature_weights, pixel_rays, render
from odd_bench.detector.roi import cell_centres

if TYPE_CHECKING:
    from odd_bench.detector.model import Detector, Volumes

TRUE_COLOR, FOUND_COLOR = (0, 220, 90), (255, 140, 0)
LINE_COLORS = ("#ff4060", "#40a0ff", "#ffd020", "#a060ff", "#30d0c0")
LINES = 24


def training_pictures(detector: Detector, batch: SceneBatch) -> dict[str, Tensor]:
    """Pictures (3, h, w) in [0, 1] of the first scene, seen from a view that did not build its volume."""
    half = batch.images.shape[1] // 2
    seen, held = batch.with_views(range(half)), batch.with_views(range(half, 2 * half))
    volumes = detector.reconstruct(seen)
    found, _ = detector.boxes(volumes, seen, 0)
    return {
        "rendered": rendered_picture(detector, volumes, held),
        "features": feature_picture(detector, volumes, held),
        "boxes": box_picture(held, found),
        "correspondences": correspondence_picture(detector, volumes, held),
    }


def rendered_picture(detector: Detector, volumes: Volumes, held: SceneBatch) -> Tensor:
    """The photograph, the rendered colour and the rendered mask side by side."""
    pixels, size = detector.config.render.pixels, tuple(held.images.shape[-2:])
    rays = pixel_rays(held.K[0, :1], held.camera_from_world[0, :1], size, pixels)
    color, mask = render(volumes.color_alpha[0], rays, detector.grid, detector.config.render)
    photograph = torch.nn.functional.adaptive_avg_pool2d(held.images[0, 0].float() / 255, pixels)
    drawn = [
        photograph,
        color[0].T.unflatten(1, (pixels, pixels)),
        mask.unflatten(1, (pixels, pixels)).expand(3, -1, -1),
    ]
    return torch.cat(drawn, dim=2).clamp(0, 1).cpu()


def feature_picture(detector: Detector, volumes: Volumes, held: SceneBatch) -> Tensor:
    """The three main directions of the rendered projected features as red, green and blue."""
    pixels, size = detector.config.render.pixels, tuple(held.images.shape[-2:])
    rays = pixel_rays(held.K[0, :1], held.camera_from_world[0, :1], size, pixels)
    everywhere = torch.ones(1, pixels**2, dtype=torch.bool, device=held.K.device)
    weights = feature_weights(volumes.alpha[0], rays, everywhere, detector.grid, detector.config.render)
    features = weights.render(detector.heads.beta(volumes.features[0].flatten(1).T[weights.voxels]))
    mask = torch.sparse.sum(weights.matrix, dim=1).to_dense()
    return principal_colors(features, mask).T.unflatten(1, (pixels, pixels)).cpu()


def principal_colors(features: Tensor, mask: Tensor) -> Tensor:
    """(r, c) features to (r, 3) colours in [0, 1], black where mask (r,) is 0."""
    shown = features[mask > 0.5]
    if len(shown) < 4:
        return torch.zeros(len(features), 3, device=features.device)
    centred = shown - shown.mean(dim=0)
    directions = torch.linalg.eigh(centred.T @ centred)[1][:, -3:]
    values = (features - shown.mean(dim=0)) @ directions
    spread = ((shown - shown.mean(dim=0)) @ directions).std(dim=0).clamp(min=1e-6)
    return (0.5 + values / (4 * spread)).clamp(0, 1) * mask.clamp(0, 1)[:, None]


def box_picture(held: SceneBatch, found: np.ndarray) -> Tensor:
    """True boxes in green, found ones in orange."""
    canvas = photograph(held)
    draw = ImageDraw.Draw(canvas)
    for boxes, color in ((held.boxes[0].cpu().numpy(), TRUE_COLOR), (found, FOUND_COLOR)):
        for box in boxes:
            pixels = projected(held, torch.from_numpy(box_corners(box)).float())
            for a, b in EDGES:
                draw.line([*pixels[a], *pixels[b]], fill=color)
    return as_tensor(canvas)


def correspondence_picture(detector: Detector, volumes: Volumes, held: SceneBatch) -> Tensor:
    """Lines from cells of the first object to the best match in each other object."""
    canvas = photograph(held)
    if len(held.boxes[0]) < 2:
        return as_tensor(canvas)
    cells = cell_centres(held.boxes[0], detector.grid, detector.config.roi)
    features, alpha = detector.pooled(volumes, 0, cells)
    keys = correspondences(detector.heads.beta(features), MatchingConfig(k=1))
    opaque = torch.nonzero(alpha[0] > detector.config.boxes.alpha_above)[:, 0]
    chosen = opaque[:: max(1, len(opaque) // LINES)]
    draw, flat = ImageDraw.Draw(canvas), cells.flatten(0, 1)
    for number, cell in enumerate(chosen.tolist()):
        ends = projected(held, torch.cat([cells[0, cell][None], flat[keys[0, cell]]]).cpu())
        for end in ends[1:]:
            draw.line([*ends[0], *end], fill=LINE_COLORS[number % len(LINE_COLORS)])
    return as_tensor(canvas)


def projected(held: SceneBatch, points: Tensor) -> list[tuple[float, float]]:
    """Pixels of world points (n, 3) in the first view."""
    pixels, _ = project_points(held.K[0, 0].cpu(), held.camera_from_world[0, 0].cpu(), points)
    return [(u, v) for u, v in pixels.tolist()]


def photograph(held: SceneBatch) -> Image.Image:
    """The first view."""
    return Image.fromarray(np.ascontiguousarray(held.images[0, 0].permute(1, 2, 0).cpu().numpy()))


def as_tensor(picture: Image.Image) -> Tensor:
    return torch.from_numpy(np.asarray(picture).transpose(2, 0, 1).copy()).float() / 255
