"""Labels drawn on a picture: boxes, the outlines of changed regions, and the types of anomalies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from odd_bench.data.record import CHANGED, LOST, SceneRecord
from odd_bench.geometry.boxes import EDGES, box_corners
from odd_bench.geometry.cameras import project
from odd_bench.scene import Camera, SceneObject

NORMAL, ODD = (235, 240, 245), (255, 96, 64)
CHANGED_COLOR, LOST_COLOR = (255, 221, 51), (64, 216, 255)
FINE = 2  # supersampling factor for smooth lines
Rectangle = tuple[float, float, float, float]  # left, top, right, bottom, pixels


def view_tile(record: SceneRecord, view: int, size: int, plain: bool = False) -> Image.Image:
    """One view with its labels, `size` pixels high. plain: whether to leave out the labels."""
    image = Image.fromarray(record.images[view])
    scale = size / image.height
    fine = (round(image.width * scale) * FINE, size * FINE)
    image = image.resize(fine, Image.Resampling.LANCZOS)
    if not plain:
        for value, color in ((CHANGED, CHANGED_COLOR), (LOST, LOST_COLOR)):
            _outline(image, record.change[view] == value, color)
        image = _with_boxes(image, record, view, scale * FINE)
    return image.reduce(FINE)


def font(size: int) -> ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _outline(image: Image.Image, region: np.ndarray, color: tuple[int, int, int]) -> None:
    """Draw, in place, a line around the outside of a region (h, w) bool."""
    if region.any():
        mask = Image.fromarray(region.astype(np.uint8) * 255).resize(image.size, Image.Resampling.BICUBIC)
        mask = mask.point(lambda level: 255 if level > 127 else 0)
        around = np.asarray(mask.filter(ImageFilter.MaxFilter(4 * FINE + 1))) > np.asarray(mask)
        image.paste(color, mask=Image.fromarray(around))


def _with_boxes(image: Image.Image, record: SceneRecord, view: int, scale: float) -> Image.Image:
    overlay = Image.new("RGBA", image.size)
    draw = ImageDraw.Draw(overlay)
    camera = record.scene.cameras[view]
    taken: list[Rectangle] = []
    for one in sorted(record.scene.objects, key=lambda item: item.label):
        _draw_box(draw, camera, one, scale, taken)
    return Image.alpha_composite(image.convert("RGBA"), overlay).convert("RGB")


def _draw_box(
    draw: ImageDraw.ImageDraw, camera: Camera, one: SceneObject, scale: float, taken: list[Rectangle]
) -> None:
    corners, depth = project(camera, box_corners(one.obb))
    if depth.min() <= 0:
        return
    corners = corners * scale
    color, width = ((*ODD, 255), 3 * FINE // 2) if one.label else ((*NORMAL, 150), FINE)
    for a, b in EDGES:
        draw.line([*corners[a], *corners[b]], fill=color, width=width)
    if one.label:
        over = (corners[:, 0].mean(), corners[:, 1].min())
        taken.append(label(draw, one.type.replace("_", " "), over, ODD, 11, taken))


def label(
    draw: ImageDraw.ImageDraw,
    text: str,
    over: tuple[float, float],
    color: tuple[int, int, int],
    size: int,
    taken: Sequence[Rectangle] = (),
) -> Rectangle:
    """Draw a small label centred above the pixel `over` (u, v), and return its rectangle. It avoids the rectangles `taken`.

    size: font size in pixels, before supersampling by `FINE`.
    """
    lettering, pad = font(size * FINE), 3 * FINE
    low_u, low_v, high_u, high_v = draw.textbbox((0, 0), text, font=lettering)
    extent = (high_u - low_u + 2 * pad, high_v - low_v + 2 * pad)
    left, top = label_place((over[0] - extent[0] / 2, over[1] - extent[1] - pad), extent, draw.im.size, taken)
    place = (left, top, left + extent[0], top + extent[1])
    draw.rounded_rectangle(place, radius=pad, fill=(*color, 235))
    draw.text((left + pad - low_u, top + pad - low_v), text, font=lettering, fill=(20, 20, 20, 255))
    return place


def label_place(
    wanted: tuple[float, float], extent: tuple[float, float], picture: tuple[int, int], taken: Sequence[Rectangle]
) -> tuple[float, float]:
    """The nearest position (left, top) to the wanted one, inside the picture, that covers none of the rectangles `taken`.

    If there is none among the positions tried, the function returns the wanted position, moved into the picture.
    """
    (width, height), most = extent, np.maximum(np.subtract(picture, extent), 0)
    wanted = np.clip(wanted, 0, most)
    steps = np.array([(0.5 * width * x, 1.05 * height * y) for x in range(-3, 4) for y in range(-4, 5)])
    for left, top in np.clip(wanted + steps[np.argsort(np.hypot(*steps.T), kind="stable")], 0, most):
        if not any(left < r and l < left + width and top < b and t < top + height for l, t, r, b in taken):
            return float(left), float(top)
    return float(wanted[0]), float(wanted[1])
