"""Pictures that training shows: rendered colour and mask, features or suspicion, boxes, and correspondences."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, max_pool2d, normalize

from odd_bench.blocks.backprojection import project_points
from odd_bench.blocks.volume_rendering import RenderConfig, feature_weights, pixel_rays, render
from odd_bench.data.batch import SceneBatch
from odd_bench.data.marks import CHANGED_COLOR, LOST_COLOR
from odd_bench.data.record import CHANGED, LOST
from odd_bench.detector.hulls import Hulls
from odd_bench.detector.object_pixels import ObjectPixels
from odd_bench.detector.registration import Placements
from odd_bench.detector.volumes import Volumes
from odd_bench.geometry.boxes import EDGES, box_corners

TRUE_COLOR, FOUND_COLOR = (0, 220, 90), (255, 140, 0)
SUSPICION_COLOR = (255, 0, 90)
CHANGE_COLORS = {CHANGED: CHANGED_COLOR, LOST: LOST_COLOR}
LINE_COLORS = ("#ff4060", "#40a0ff", "#ffd020", "#a060ff", "#30d0c0")
LINES = 10
DARK = 0.25
DOT = 5  # side of a dot, in pixels


def rendered_picture(volumes: Volumes, held: SceneBatch, rendering: RenderConfig) -> Tensor:
    """The photograph, the rendered colour and the rendered mask side by side."""
    pixels, size = rendering.pixels, tuple(held.images.shape[-2:])
    rays = pixel_rays(held.K[0, :1], held.camera_from_world[0, :1], size, pixels)
    color, mask = render(volumes.color_alpha[0], rays, volumes.grid, rendering)
    photograph = adaptive_avg_pool2d(held.images[0, 0].float() / 255, pixels)
    drawn = [
        photograph,
        color[0].T.unflatten(1, (pixels, pixels)),
        mask.unflatten(1, (pixels, pixels)).expand(3, -1, -1),
    ]
    return torch.cat(drawn, dim=2).clamp(0, 1).cpu()


def feature_picture(volumes: Volumes, held: SceneBatch, rendering: RenderConfig) -> Tensor:
    """The first three principal components of the rendered projected features as red, green and blue."""
    pixels, size = rendering.pixels, tuple(held.images.shape[-2:])
    rays = pixel_rays(held.K[0, :1], held.camera_from_world[0, :1], size, pixels)
    everywhere = torch.ones(1, pixels**2, dtype=torch.bool, device=held.K.device)
    weights = feature_weights(volumes.alpha[0], rays, everywhere, volumes.grid, rendering)
    features = weights.render(volumes.project(volumes.features[0].flatten(1).T[weights.voxels]))
    mask = torch.sparse.sum(weights.matrix, dim=1).to_dense()
    return principal_colors(features, mask).T.unflatten(1, (pixels, pixels)).cpu()


def principal_colors(features: Tensor, mask: Tensor) -> Tensor:
    """Principal components of features (r, c) as colours (r, 3) in [0, 1], black where mask (r,) is 0."""
    shown = features[mask > 0.5]
    if len(shown) < 4:
        return torch.zeros(len(features), 3, device=features.device)
    centred = shown - shown.mean(dim=0)
    directions = torch.linalg.eigh(centred.T @ centred)[1][:, -3:]
    values = (features - shown.mean(dim=0)) @ directions
    spread = ((shown - shown.mean(dim=0)) @ directions).std(dim=0).clamp(min=1e-6)
    return (0.5 + values / (4 * spread)).clamp(0, 1) * mask.clamp(0, 1)[:, None]


def silhouette_picture(volumes: Volumes) -> Tensor:
    """The first view that built the volume, darkened outside the silhouettes."""
    seen = as_tensor(photograph(volumes.batch))
    return seen * (volumes.silhouettes[0, 0] > 0).cpu().float().clamp(min=DARK)


def suspicion_picture(volumes: Volumes, suspected: tuple[ObjectPixels, Tensor] | None) -> Tensor:
    """The first view that built the volume in grey, with red where a change is probable, and outlines of the true changes.

    suspected: pixels and their probabilities (n, t) of showing a change; None if nothing is compared, which leaves all grey.
    """
    seen = volumes.batch
    picture = as_tensor(photograph(seen).convert("L").convert("RGB"))
    if suspected is not None:
        picture = torch.lerp(picture, color_of(SUSPICION_COLOR), dotted(*suspected).cpu())
    for value, color in CHANGE_COLORS.items():
        edge = outline(seen.change[0, 0].cpu() == value)
        picture = torch.where(edge, color_of(color), picture)
    return picture


def dotted(pixels: ObjectPixels, values: Tensor) -> Tensor:
    """A picture (h, w) with the values (n, t) of the counted pixels of the first view, each drawn as a small square."""
    shown = pixels.counted & (pixels.view == 0)
    canvas = values.new_zeros(pixels.size)
    canvas[pixels.row[shown], pixels.column[shown]] = values[shown]
    return max_pool2d(canvas[None], DOT, 1, DOT // 2)[0]


def outline(region: Tensor) -> Tensor:
    """The pixels next to a region (h, w), outside it, (h, w) bool."""
    return (max_pool2d(region[None].float(), 3, 1, 1)[0] > 0) & ~region


def color_of(rgb: tuple[int, int, int]) -> Tensor:
    """The colour as a tensor (3, 1, 1) in [0, 1]."""
    return torch.tensor(rgb)[:, None, None] / 255


def box_picture(held: SceneBatch, found: np.ndarray, scores: np.ndarray) -> Tensor:
    """The first view with true boxes in green and detected boxes (n, 6) in orange with their scores (n,)."""
    canvas = photograph(held)
    draw = ImageDraw.Draw(canvas)
    for boxes, color in ((held.boxes[0].cpu().numpy(), TRUE_COLOR), (found, FOUND_COLOR)):
        for box in boxes:
            pixels = corner_pixels(held, box)
            for a, b in EDGES:
                draw.line([*pixels[a], *pixels[b]], fill=color)
    for box, score in zip(found, scores, strict=True):
        u, v = np.array(corner_pixels(held, box))[4:].mean(axis=0)  # the centre of the top face
        draw.text((u, v), f"{score:.2f}", fill="white", anchor="mm", stroke_width=1, stroke_fill="black")
    return as_tensor(canvas)


def corner_pixels(held: SceneBatch, box: np.ndarray) -> list[tuple[float, float]]:
    """Pixels of the eight corners of a box (6,) in the first view."""
    return projected(held, torch.from_numpy(box_corners(box)).float())


def match_picture(held: SceneBatch, features: Tensor, cells: Tensor, opaque: Tensor) -> Tensor:
    """The first view with lines from opaque cells of the first object to the best match in each other object.

    features: (n, t, c), projected features of the cells (n, t, 3). opaque: (n, t) bool.
    """
    chosen = torch.nonzero(opaque[0])[:, 0]
    chosen = chosen[:: max(1, len(chosen) // LINES)]
    matches = [best_matches(features[0, chosen], features[other], opaque[other]) for other in range(1, len(cells))]
    return joined_picture(held, cells[0, chosen], [cells[other, found] for other, found in enumerate(matches, 1)])


def placement_picture(held: SceneBatch, hulls: Hulls, placements: Placements) -> Tensor:
    """The first view with lines from points of the first hull to their positions on each other object after registration."""
    step = max(1, hulls.points.shape[1] // LINES)
    there = hulls.world(placements.moved(hulls.points)[0, :, ::step])  # (n, k, 3)
    return joined_picture(held, hulls.world(hulls.points)[0, ::step], list(there[1:]))


def joined_picture(held: SceneBatch, starts: Tensor, others: list[Tensor]) -> Tensor:
    """The first view with lines from world points (k, 3) to those of other objects, (k, 3) each, in one colour per point."""
    canvas = photograph(held)
    draw = ImageDraw.Draw(canvas)
    for ends in others:
        pairs = zip(projected(held, starts.cpu()), projected(held, ends.cpu()), strict=False)
        for number, (start, end) in enumerate(pairs):
            draw.line([*start, *end], fill=LINE_COLORS[number % len(LINE_COLORS)])
    return as_tensor(canvas)


def best_matches(features: Tensor, others: Tensor, opaque: Tensor) -> Tensor:
    """Indices (q,) of the opaque cells with the highest cosine similarity to features (q, c); empty if no cell is opaque.

    others: (t, c), features of the cells. opaque: (t,) bool.
    """
    numbers = torch.nonzero(opaque)[:, 0]
    alike = normalize(features.float(), dim=-1) @ normalize(others[numbers].float(), dim=-1).T
    return numbers[alike.argmax(dim=1)] if len(numbers) else numbers


def projected(held: SceneBatch, points: Tensor) -> list[tuple[float, float]]:
    """Pixels of world points (n, 3) in the first view."""
    pixels, _ = project_points(held.K[0, 0].cpu(), held.camera_from_world[0, 0].cpu(), points)
    return [(u, v) for u, v in pixels.tolist()]


def photograph(held: SceneBatch) -> Image.Image:
    """The first view as an image."""
    return Image.fromarray(np.ascontiguousarray(held.images[0, 0].permute(1, 2, 0).cpu().numpy()))


def as_tensor(picture: Image.Image) -> Tensor:
    """An RGB image as a tensor (3, h, w) in [0, 1]."""
    return torch.from_numpy(np.asarray(picture).transpose(2, 0, 1).copy()).float() / 255
