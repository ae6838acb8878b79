"""Pictures to watch training by: rendered colour and mask, features or suspicions, boxes, correspondences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, max_pool2d, normalize

from odd_bench.boxes import EDGES, box_corners
from odd_bench.data.batch import SceneBatch
from odd_bench.data.record import CHANGED, LOST
from odd_bench.detector.backproject import project_points
from odd_bench.detector.render import feature_weights, pixel_rays, render
from odd_bench.view.marks import CHANGED_COLOR, LOST_COLOR

if TYPE_CHECKING:
    from odd_bench.detector.model import Detector, Volumes

TRUE_COLOR, FOUND_COLOR = (0, 220, 90), (255, 140, 0)
SUSPICION_COLOR = (255, 0, 90)
CHANGE_COLORS = {CHANGED: CHANGED_COLOR, LOST: LOST_COLOR}
LINE_COLORS = ("#ff4060", "#40a0ff", "#ffd020", "#a060ff", "#30d0c0")
LINES = 10


def training_pictures(detector: Detector, batch: SceneBatch) -> dict[str, Tensor]:
    """Pictures (3, h, w) in [0, 1] of the first scene, seen from a view that did not build its volume."""
    half = batch.images.shape[1] // 2
    seen, held = batch.with_views(range(half)), batch.with_views(range(half, 2 * half))
    volumes = detector.reconstruct(seen)
    answer = detector.answer(volumes, seen, 0)
    if detector.relates:
        learnt = {"suspicion": suspicion_picture(detector, volumes, held, answer.boxes)}
    else:
        learnt = {"features": feature_picture(detector, volumes, held)}
    return {
        "rendered": rendered_picture(detector, volumes, held),
        **learnt,
        "boxes": box_picture(held, answer.boxes, answer.scores),
        "correspondences": correspondence_picture(detector, volumes, held),
    }


def rendered_picture(detector: Detector, volumes: Volumes, held: SceneBatch) -> Tensor:
    """The photograph, the rendered colour and the rendered mask side by side."""
    pixels, size = detector.config.render.pixels, tuple(held.images.shape[-2:])
    rays = pixel_rays(held.K[0, :1], held.camera_from_world[0, :1], size, pixels)
    color, mask = render(volumes.color_alpha[0], rays, detector.grid, detector.config.render)
    photograph = adaptive_avg_pool2d(held.images[0, 0].float() / 255, pixels)
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


def suspicion_picture(detector: Detector, volumes: Volumes, held: SceneBatch, found: np.ndarray) -> Tensor:
    """The photograph in grey, the redder the likelier a cell of the boxes (n, 6) is changed; outlines of the true changes.

    An object alone differs from nothing and stays grey.
    """
    picture = as_tensor(photograph(held).convert("L").convert("RGB"))
    if len(found) > 1:
        compared, cells, counted = detector.related(volumes, 0, found)
        every = detector.cells_of(volumes, found)
        side_m = float((every[0, 1] - every[0, 0]).norm())
        chances = splatted(held, cells[counted].cpu(), compared.cell_logits[counted].sigmoid().cpu(), side_m)
        picture = torch.lerp(picture, color_of(SUSPICION_COLOR), chances)
    for value, color in CHANGE_COLORS.items():
        edge = outline(held.change[0, 0].cpu() == value)
        picture = torch.where(edge, color_of(color), picture)
    return picture


def splatted(held: SceneBatch, cells: Tensor, values: Tensor, side_m: float) -> Tensor:
    """(h, w) the values (n,) of cells (n, 3) as squares as large as they look in the first view; the nearest hides others."""
    height, width = held.images.shape[-2:]
    pixels, depth = project_points(held.K[0, 0].cpu(), held.camera_from_world[0, 0].cpu(), cells)
    canvas = Image.new("F", (width, height))
    draw = ImageDraw.Draw(canvas)
    for number in depth.argsort(descending=True).tolist():
        if depth[number] > 0:
            half = float(held.K[0, 0, 0, 0]) * side_m / float(depth[number]) / 2
            low, high = (pixels[number] - half).floor().tolist(), (pixels[number] + half).floor().tolist()
            draw.rectangle([*low, *high], fill=float(values[number]))
    return torch.from_numpy(np.asarray(canvas).copy())


def outline(region: Tensor) -> Tensor:
    """(h, w) bool: the pixels around a region (h, w), outside it."""
    return (max_pool2d(region[None].float(), 3, 1, 1)[0] > 0) & ~region


def color_of(rgb: tuple[int, int, int]) -> Tensor:
    """(3, 1, 1) in [0, 1]"""
    return torch.tensor(rgb)[:, None, None] / 255


def box_picture(held: SceneBatch, found: np.ndarray, scores: np.ndarray) -> Tensor:
    """True boxes in green, found ones (n, 6) in orange with their scores (n,)."""
    canvas = photograph(held)
    draw = ImageDraw.Draw(canvas)
    for boxes, color in ((held.boxes[0].cpu().numpy(), TRUE_COLOR), (found, FOUND_COLOR)):
        for box in boxes:
            pixels = corner_pixels(held, box)
            for a, b in EDGES:
                draw.line([*pixels[a], *pixels[b]], fill=color)
    for box, score in zip(found, scores, strict=True):
        u, v = np.array(corner_pixels(held, box))[4:].mean(axis=0)  # the middle of the top
        draw.text((u, v), f"{score:.2f}", fill="white", anchor="mm", stroke_width=1, stroke_fill="black")
    return as_tensor(canvas)


def corner_pixels(held: SceneBatch, box: np.ndarray) -> list[tuple[float, float]]:
    """Of the eight corners of a box (6,) in the first view."""
    return projected(held, torch.from_numpy(box_corners(box)).float())


def correspondence_picture(detector: Detector, volumes: Volumes, held: SceneBatch) -> Tensor:
    """Lines from cells of the first object to the best match in each other object."""
    canvas = photograph(held)
    if len(held.boxes[0]) > 1:
        features, cells, opaque = detector.described(volumes, 0, held.boxes[0])
        if features is not None:
            draw_matches(ImageDraw.Draw(canvas), held, features, cells, opaque)
    return as_tensor(canvas)


def draw_matches(draw: ImageDraw.ImageDraw, held: SceneBatch, features: Tensor, cells: Tensor, opaque: Tensor) -> None:
    """One colour a cell. features: (n, t, c), cells: (n, t, 3), opaque: (n, t)."""
    chosen = torch.nonzero(opaque[0])[:, 0]
    chosen = chosen[:: max(1, len(chosen) // LINES)]
    starts = projected(held, cells[0, chosen].cpu())
    for other in range(1, len(cells)):
        matches = best_matches(features[0, chosen], features[other], opaque[other])
        ends = projected(held, cells[other, matches].cpu())
        for number, (start, end) in enumerate(zip(starts, ends, strict=False)):
            draw.line([*start, *end], fill=LINE_COLORS[number % len(LINE_COLORS)])


def best_matches(features: Tensor, others: Tensor, opaque: Tensor) -> Tensor:
    """(q,) numbers of the opaque cells (t,) most like the features (q, c), by cosine; others: (t, c). Empty where none is."""
    numbers = torch.nonzero(opaque)[:, 0]
    alike = normalize(features.float(), dim=-1) @ normalize(others[numbers].float(), dim=-1).T
    return numbers[alike.argmax(dim=1)] if len(numbers) else numbers


def projected(held: SceneBatch, points: Tensor) -> list[tuple[float, float]]:
    """Pixels of world points (n, 3) in the first view."""
    pixels, _ = project_points(held.K[0, 0].cpu(), held.camera_from_world[0, 0].cpu(), points)
    return [(u, v) for u, v in pixels.tolist()]


def photograph(held: SceneBatch) -> Image.Image:
    """The first view."""
    return Image.fromarray(np.ascontiguousarray(held.images[0, 0].permute(1, 2, 0).cpu().numpy()))


def as_tensor(picture: Image.Image) -> Tensor:
    return torch.from_numpy(np.asarray(picture).transpose(2, 0, 1).copy()).float() / 255
