"""The floor plan of a capture: objects, cameras and a scale, from which a region can be read off."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from odd_bench.data.marks import FINE, font

PAPER, INK, FAINT = (250, 250, 248), (40, 44, 52), (205, 208, 212)
OBJECT, CAMERA, USED = (120, 150, 190), (150, 150, 150), (20, 110, 200)
SIZE, MARGIN = 640, 44


def drawn_plan(
    objects: list[np.ndarray],
    cameras: np.ndarray,
    used: list[int],
    region: tuple[float, float, float, float],
    boxes: list[tuple[np.ndarray, tuple[int, int, int], str]] = (),
) -> Image.Image:
    """The plan as a picture. objects: k arrays (m, 2) of cell centres. cameras: (n, 2). used: indices of cameras for the model.

    region: x0, y0, x1, y1. boxes: corners (4, 2) with a colour and a label. All in units of the capture; x to the right, y up.
    """
    low, high = np.array(region[:2]), np.array(region[2:])
    places = np.concatenate([cameras, low[None], high[None], *[corners for corners, _, _ in boxes]])
    lowest, highest = places.min(axis=0), places.max(axis=0)
    middle, half = (lowest + highest) / 2, 0.54 * float((highest - lowest).max())
    image = Image.new("RGB", (FINE * SIZE, FINE * SIZE), PAPER)
    draw = ImageDraw.Draw(image)

    def at(points: np.ndarray) -> np.ndarray:
        unit = (np.asarray(points, float) - middle) / half
        return FINE * (SIZE / 2 + unit * [1, -1] * (SIZE / 2 - MARGIN))

    _axes(draw, middle, half, at)
    for cells in objects:
        for u, v in at(cells):
            draw.rectangle([u - FINE, v - FINE, u + FINE, v + FINE], fill=OBJECT)
    for number, (u, v) in enumerate(at(cameras)):
        radius = FINE * (5 if number in used else 3)
        draw.ellipse([u - radius, v - radius, u + radius, v + radius], fill=USED if number in used else CAMERA)
    corners = at(np.array([[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]]))
    draw.polygon([tuple(corner) for corner in corners], outline=INK, width=FINE)
    for corners, color, text in boxes:
        placed = at(corners)
        draw.polygon([tuple(corner) for corner in placed], outline=color, width=2 * FINE)
        draw.text(tuple(placed.mean(axis=0)), text, font=font(13 * FINE), fill=INK, anchor="mm")
    return image.reduce(FINE)


def _axes(draw: ImageDraw.ImageDraw, middle: np.ndarray, half: float, at) -> None:
    """Draw lines at round numbers, with labels below and on the left."""
    step = 10 ** np.floor(np.log10(half))
    step = step if half / step < 3 else (2 * step if half / step < 6 else 5 * step)
    digits = max(0, -int(np.floor(np.log10(step))))
    edge = FINE * (SIZE - MARGIN + 6)
    for axis in (0, 1):
        first = np.ceil((middle[axis] - half) / step) * step
        for value in np.arange(first, middle[axis] + half + step / 100, step):
            ends = np.array([middle - half, middle + half])
            ends[:, axis] = value
            (u0, v0), (u1, v1) = at(ends)
            draw.line([u0, v0, u1, v1], fill=FAINT, width=FINE)
            text = f"{value + 0.0:.{digits}f}"
            if axis == 0:
                draw.text((u0, edge), text, font=font(12 * FINE), fill=INK, anchor="mt")
            else:
                draw.text((FINE * (MARGIN - 6), v0), text, font=font(12 * FINE), fill=INK, anchor="rm")
