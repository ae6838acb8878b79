"""One view of a scene as HTML: the picture, the anomaly map over it, true and predicted boxes."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from odd_bench.geometry.boxes import EDGES, box_corners
from odd_bench.geometry.cameras import project
from odd_bench.scene import Camera
from odd_bench.scoring.text import html_text as escape

JPEG_QUALITY = 85
LABEL_HEIGHT = 0.055  # of the picture
HEAT_RGB, HEAT_OPACITY = (255, 0, 160), 0.65
MARGIN = 0.35  # around a cut-out, of the box's larger side


@dataclass(frozen=True)
class Outline:
    """A box to draw. box: (6,) or (7,), metres, world. style: classes of the style sheet. label: its text, empty for none."""

    box: np.ndarray
    style: str
    label: str = ""


@dataclass(frozen=True)
class Window:
    """The part of a picture to show: rows top to bottom, columns left to right, with exclusive ends."""

    top: int
    bottom: int
    left: int
    right: int

    def of(self, pixels: np.ndarray) -> np.ndarray:
        return pixels[self.top : self.bottom, self.left : self.right]


def view_html(
    image: np.ndarray,
    camera: Camera,
    outlines: Sequence[Outline],
    caption: str,
    suspicion: np.ndarray | None = None,
    window: Window | None = None,
) -> str:
    """The HTML of a view. image: (h, w, 3) uint8. suspicion: (h, w) uint8 anomaly map. window: the part to show, None for all."""
    shown = window or Window(0, image.shape[0], 0, image.shape[1])
    height, width = shown.bottom - shown.top, shown.right - shown.left
    lines = "".join(outline_svg(one, camera, height) for one in outlines)
    size = f'width="{width}" height="{height}"'
    heat = (
        ""
        if suspicion is None
        else f'<img class="heat" src="{png_uri(heat_pixels(shown.of(suspicion)))}" alt="anomaly map" {size}>'
    )
    return (
        f'<div class="view"><div class="layers"><img src="{jpeg_uri(shown.of(image))}" alt="{escape(caption)}" {size}>{heat}'
        f'<svg viewBox="{shown.left} {shown.top} {width} {height}" aria-hidden="true">{lines}</svg></div>'
        f"<span>{escape(caption)}</span></div>"
    )


def outline_svg(outline: Outline, camera: Camera, height: int) -> str:
    """The edges of one box and its label; empty if a corner is behind the camera. height: of the shown part, pixels."""
    corners, depth = project(camera, box_corners(outline.box))
    if depth.min() <= 0:
        return ""
    path = " ".join("M{:.1f} {:.1f}L{:.1f} {:.1f}".format(*corners[a], *corners[b]) for a, b in EDGES)
    line = f'<path class="{outline.style}" d="{path}"/>'
    if not outline.label:
        return line
    x, y, size = corners[:, 0].mean(), corners[:, 1].min() - height / 100, height * LABEL_HEIGHT
    place = f'x="{x:.1f}" y="{max(y, size):.1f}" style="font-size:{size:.1f}px"'
    return f'{line}<text class="{outline.style}" {place}>{escape(outline.label)}</text>'


def box_area(box: np.ndarray, camera: Camera) -> float:
    """Pixels of the rectangle around a box, clipped to the picture; 0 if a corner is behind the camera."""
    corners, depth = project(camera, box_corners(box))
    if depth.min() <= 0:
        return 0.0
    low, high = np.clip([corners.min(axis=0), corners.max(axis=0)], 0, [camera.width, camera.height])
    return float(np.prod(high - low))


def window_around(box: np.ndarray, camera: Camera) -> Window:
    """A square around a box with a margin, inside the picture."""
    corners, _ = project(camera, box_corners(box))
    low, high = corners.min(axis=0), corners.max(axis=0)
    side = int(min((high - low).max() * (1 + 2 * MARGIN), camera.width, camera.height))
    left, top = (
        int(np.clip((low[axis] + high[axis] - side) / 2, 0, size - side))
        for axis, size in ((0, camera.width), (1, camera.height))
    )
    return Window(top, top + side, left, left + side)


def heat_pixels(suspicion: np.ndarray) -> np.ndarray:
    """(h, w, 4) uint8: one colour, which is less transparent for higher levels."""
    pixels = np.empty((*suspicion.shape, 4), np.uint8)
    pixels[..., :3] = HEAT_RGB
    pixels[..., 3] = np.round(255 * HEAT_OPACITY * (suspicion / 255.0) ** 2)
    return pixels


def jpeg_uri(image: np.ndarray) -> str:
    """(h, w, 3) uint8 as a JPEG data URI."""
    return uri(image, "JPEG", quality=JPEG_QUALITY)


def png_uri(pixels: np.ndarray) -> str:
    """(h, w, 4) uint8 as a PNG data URI."""
    return uri(pixels, "PNG")


def uri(pixels: np.ndarray, form: str, **options: int) -> str:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form, **options)
    return f"data:image/{form.lower()};base64," + base64.b64encode(buffer.getvalue()).decode()
