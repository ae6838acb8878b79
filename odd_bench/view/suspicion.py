"""Predictions drawn on a picture: boxes coloured by suspicion, with their scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from odd_bench.data.marks import FINE, Rectangle, label
from odd_bench.geometry.boxes import EDGES, box_corners, hull_corners
from odd_bench.geometry.cameras import eye, project
from odd_bench.scene import Camera

CALM, SUSPICIOUS = (205, 226, 238), (255, 84, 46)  # colours of scores 0 and 1
LEAST_BEHIND = 0.02  # smallest distance of a drawn box in front of the camera, metres
RASTER = 96  # pixels of the longer side of the raster on which visibility is measured


@dataclass(frozen=True)
class Found:
    """The objects that a method found in a scene. boxes: (n, 6 or 7), metres. scores: (n,) higher is more anomalous.

    threshold: score above which an object counts as odd.
    """

    boxes: np.ndarray
    scores: np.ndarray
    threshold: float

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def order(self) -> np.ndarray:
        """(n,) indices of the objects, the most suspicious first."""
        return np.argsort(-self.scores, kind="stable")


def color_of(score: float, threshold: float) -> tuple[int, int, int]:
    """A colour from calm to suspicious; a score at the threshold has the colour in the middle."""
    share = (
        score / (2 * threshold) if score <= threshold else 0.5 + (score - threshold) / (2 * max(1 - threshold, 1e-9))
    )
    share = float(np.clip(share, 0, 1))
    return tuple(round(a + share * (b - a)) for a, b in zip(CALM, SUSPICIOUS, strict=True))


def drawn(picture: np.ndarray, camera: Camera, found: Found, only: int | None = None) -> Image.Image:
    """The picture (h, w, 3) with the boxes and their scores, the most suspicious in front. only: the index of one object."""
    image = Image.fromarray(picture)
    image = image.resize((FINE * image.width, FINE * image.height), Image.Resampling.BILINEAR).convert("RGBA")
    overlay = Image.new("RGBA", image.size)
    draw = ImageDraw.Draw(overlay)
    shown = [int(number) for number in (found.order if only is None else [only])]
    before = {number: corners for number in shown if (corners := _corners(camera, found.boxes[number])) is not None}
    for number in reversed(before):
        _draw_box(draw, before[number], found, number)
    taken: list[Rectangle] = []
    for number, corners in before.items():
        score, over = float(found.scores[number]), (corners[:, 0].mean(), corners[:, 1].min())
        text, color = f"{number + 1}: {score:.2f}", color_of(score, found.threshold)
        taken.append(label(draw, text, over, color, 12, taken))
    return Image.alpha_composite(image, overlay).convert("RGB").reduce(FINE)


def visibility(camera: Camera, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) share of each box that no nearer box hides, in [0, 1], and the share of the picture that it fills without occlusion.

    Both are measured on outlines of boxes; the part of a box outside the picture counts as hidden.
    """
    count = len(boxes)
    scale = RASTER / max(camera.width, camera.height)
    size = (max(round(scale * camera.width), 1), max(round(scale * camera.height), 1))
    corners = box_corners(boxes)
    depths = np.linalg.norm(np.asarray(boxes)[:, :3] - eye(camera), axis=1)
    owner, alone = Image.new("I", size, 0), np.zeros(count)
    for number in np.argsort(-depths):
        pixels, depth = project(camera, corners[number])
        if depth.min() <= LEAST_BEHIND:
            continue
        polygon = [tuple(point) for point in hull_corners(scale * pixels)]
        alone[number] = _area(np.array(polygon))
        ImageDraw.Draw(owner).polygon(polygon, fill=int(number) + 1)
    seen = np.bincount(np.asarray(owner).ravel(), minlength=count + 1)[1:]
    shares = np.where(alone > 0, np.minimum(seen / np.maximum(alone, 1e-9), 1), 0.0)
    return shares, alone / (size[0] * size[1])


def _area(polygon: np.ndarray) -> float:
    following = np.roll(polygon, -1, axis=0)
    return float(abs((polygon[:, 0] * following[:, 1] - polygon[:, 1] * following[:, 0]).sum()) / 2)


def _corners(camera: Camera, box: np.ndarray) -> np.ndarray | None:
    """(8, 2) corners of a box, in pixels of the picture enlarged `FINE` times; None if the box reaches behind the camera."""
    corners, depth = project(camera, box_corners(box))
    return None if depth.min() <= LEAST_BEHIND else FINE * corners


def _draw_box(draw: ImageDraw.ImageDraw, corners: np.ndarray, found: Found, number: int) -> None:
    score = float(found.scores[number])
    color, odd = color_of(score, found.threshold), score > found.threshold
    for a, b in EDGES:
        draw.line([*corners[a], *corners[b]], fill=(*color, 255 if odd else 190), width=2 * FINE if odd else FINE)
