"""Labels drawn on a picture: boxes, the outline of the changed region, the word `odd`."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from odd_bench.data.record import CHANGED, LOST, SceneRecord
from odd_bench.geometry.boxes import EDGES, box_corners
from odd_bench.geometry.cameras import project
from odd_bench.scene import Camera, SceneObject

NORMAL, ODD = (235, 240, 245), (255, 96, 64)
CHANGED_COLOR, LOST_COLOR = (255, 221, 51), (64, 216, 255)
FINE = 2  # pictures are drawn this much larger and reduced, for smooth lines


def view_tile(record: SceneRecord, view: int, size: int, plain: bool = False) -> Image.Image:
    """One view, `size` pixels high. plain: without any mark."""
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
    """Draw a line around the (h, w) bool region, outside it, in place."""
    if region.any():
        mask = Image.fromarray(region.astype(np.uint8) * 255).resize(image.size, Image.Resampling.BICUBIC)
        mask = mask.point(lambda level: 255 if level > 127 else 0)
        around = np.asarray(mask.filter(ImageFilter.MaxFilter(4 * FINE + 1))) > np.asarray(mask)
        image.paste(color, mask=Image.fromarray(around))


def _with_boxes(image: Image.Image, record: SceneRecord, view: int, scale: float) -> Image.Image:
    overlay = Image.new("RGBA", image.size)
    draw = ImageDraw.Draw(overlay)
    camera = record.scene.cameras[view]
    for one in sorted(record.scene.objects, key=lambda item: item.label):
        _draw_box(draw, camera, one, scale)
    return Image.alpha_composite(image.convert("RGBA"), overlay).convert("RGB")


def _draw_box(draw: ImageDraw.ImageDraw, camera: Camera, one: SceneObject, scale: float) -> None:
    corners, depth = project(camera, box_corners(one.obb))
    if depth.min() <= 0:
        return
    corners = corners * scale
    color, width = ((*ODD, 255), 3 * FINE // 2) if one.label else ((*NORMAL, 150), FINE)
    for a, b in EDGES:
        draw.line([*corners[a], *corners[b]], fill=color, width=width)
    if one.label:
        label(draw, one.type.replace("_", " "), (corners[:, 0].mean(), corners[:, 1].min()), ODD, size=11)


def label(
    draw: ImageDraw.ImageDraw, text: str, over: tuple[float, float], color: tuple[int, int, int], size: int
) -> None:
    """A small label centred over the pixel `over` (u, v) and kept inside the picture; `size` in pixels before `FINE`."""
    (u, v), lettering, pad = over, font(size * FINE), 3 * FINE
    low_u, low_v, high_u, high_v = draw.textbbox((0, 0), text, font=lettering)
    width, height = high_u - low_u + 2 * pad, high_v - low_v + 2 * pad
    left = float(np.clip(u - width / 2, 0, max(draw.im.size[0] - width, 0)))
    top = float(np.clip(v - height - pad, 0, max(draw.im.size[1] - height, 0)))
    draw.rounded_rectangle([left, top, left + width, top + height], radius=pad, fill=(*color, 235))
    draw.text((left + pad - low_u, top + pad - low_v), text, font=lettering, fill=(20, 20, 20, 255))
