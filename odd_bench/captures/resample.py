"""A photograph resampled to another camera at the same position: undistorted, rotated, cropped, of any size.

A rotation about the camera centre causes no parallax, so this is exact wherever the photograph has pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.ndimage import map_coordinates

from odd_bench.captures.capture import Photograph
from odd_bench.captures.lens import Lens
from odd_bench.captures.photograph_file import read_photograph
from odd_bench.scene import Camera

FINER = 2  # default number of samples along each side of a pixel
WIDEST_SLOPE = 1.5  # of directions that an undistorted picture of a wide lens keeps


@dataclass(frozen=True)
class View:
    """A picture (h, w, 3) uint8 sRGB of a pinhole camera. inside: (h, w) bool, where the photograph has pixels."""

    camera: Camera
    picture: np.ndarray
    inside: np.ndarray


def seen_by(photograph: Photograph, camera_from_scene: np.ndarray, wanted: Camera, finer: int = FINER) -> View:
    """The view of `wanted`, a camera at the position of the photograph's camera. camera_from_scene: (4, 4) of the photograph's
    camera, in the world of `wanted`. finer: number of samples along each side of a pixel. Outside the photograph, the pixels of its
    border are repeated. Raises CaptureError if the file cannot be read.
    """
    picture, lens = _small_enough(photograph, finer * wanted.K[0, 0])
    turn = camera_from_scene[:3, :3] @ wanted.camera_from_world[:3, :3].T
    width, height = finer * wanted.width, finer * wanted.height
    u, v = np.meshgrid((np.arange(width) + 0.5) / finer, (np.arange(height) + 0.5) / finer)
    directions = np.stack([u, v, np.ones_like(u)], axis=-1) @ np.linalg.inv(wanted.K).T @ turn.T  # (h, w, 3)
    pixels, inside = in_picture(lens, directions)
    colors = sampled(picture, pixels)
    fine = np.clip(np.round(colors), 0, 255).astype(np.uint8)
    reduced = Image.fromarray(fine).reduce(finer)
    return View(wanted, np.asarray(reduced), inside[::finer, ::finer])


def without_distortion(photograph: Photograph, camera_from_scene: np.ndarray, longest: int) -> View:
    """The photograph as a pinhole camera of the same pose would have taken it, its longer side `longest` pixels."""
    lens = photograph.lens
    share = longest / max(lens.width, lens.height)
    width, height = max(round(share * lens.width), 1), max(round(share * lens.height), 1)
    K = lens.scaled(width, height).K
    slope = min(lens.largest_slope(), WIDEST_SLOPE)
    least = max(width, height) / 2 / slope  # focal length at which the picture shows nothing beyond the largest slope
    K = np.array([[max(K[0, 0], least), 0.0, K[0, 2]], [0.0, max(K[1, 1], least), K[1, 2]], [0.0, 0.0, 1.0]])
    return seen_by(photograph, camera_from_scene, Camera(K, camera_from_scene, width, height))


def in_picture(lens: Lens, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (..., 2) of directions (..., 3) in the camera's frame, and which of them (...) are in the picture."""
    ahead = directions[..., 2] > 1e-6
    safe = np.where(ahead[..., None], directions, [0.0, 0.0, 1.0])
    slope = np.hypot(safe[..., 0], safe[..., 1]) / safe[..., 2]
    ahead &= slope < lens.largest_slope()
    pixels = lens.project(np.where(ahead[..., None], safe, [0.0, 0.0, 1.0]))
    u, v = pixels[..., 0], pixels[..., 1]
    return pixels, ahead & (u >= 0) & (u <= lens.width) & (v >= 0) & (v <= lens.height)


def sampled(picture: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """(..., c) float32 bilinear values of a picture (h, w, c) at pixels (..., 2); the border is repeated outside."""
    place = [pixels[..., 1] - 0.5, pixels[..., 0] - 0.5]
    channels = [
        map_coordinates(picture[..., i], place, np.float32, order=1, mode="nearest") for i in range(picture.shape[-1])
    ]
    return np.stack(channels, axis=-1)


def _small_enough(photograph: Photograph, focal_px: float) -> tuple[np.ndarray, Lens]:
    """The photograph, reduced to not less than the wanted focal length, and its lens at that size."""
    lens = photograph.lens
    share = min(focal_px / lens.K[0, 0], 1.0)
    picture = read_photograph(photograph.path, lens, share)
    lens = lens.resized(picture.shape[1], picture.shape[0])
    factor = int(lens.K[0, 0] / focal_px)
    if factor > 1:
        reduced = np.asarray(Image.fromarray(picture).reduce(factor))
        lens = lens.divided(factor, reduced.shape[1], reduced.shape[0])
        picture = reduced
    return picture, lens
