"""The visual hull of one object of a scene from the instance masks of its views (Laurentini, 1994)."""

from __future__ import annotations

import numpy as np

from odd_bench.geometry.cameras import eye, project
from odd_bench.scene import Camera

CELLS = 40  # along the largest side of the box
MARGIN = 1.05  # of the box, so that its faces are not cut off


def hull_surface(
    cameras: tuple[Camera, ...], pictures: np.ndarray, instance: np.ndarray, number: int, aabb: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Centres of the outermost cells of the hull, (n, 3) metres, and their colours, (n, 3) uint8 of the view that faces them most.

    A cell is inside if every view that contains it shows the object there, or another object, which may be in front. pictures:
    (views, h, w, 3) uint8. instance: (views, h, w), number + 1 on the object. aabb: (6,) box from which the hull is carved.
    """
    points, shape = cell_centres(aabb)
    left, own = np.arange(len(points)), np.zeros(len(points), bool)
    for camera, mask in zip(cameras, instance, strict=True):
        there, rows, columns = pixels_of(camera, points[left])
        seen = mask[rows, columns]
        own[left[there & (seen == number + 1)]] = True
        left = left[~there | (seen > 0)]
    inside = np.zeros(len(points), bool)
    inside[left] = own[left]
    surface = outermost(inside.reshape(shape)).reshape(-1)
    return points[surface], colors_of(points[surface], aabb[:3], cameras, pictures, instance == number + 1)


def cell_centres(aabb: np.ndarray) -> tuple[np.ndarray, tuple[int, ...]]:
    """(n, 3) centres of cubic cells that fill the box, and their numbers along x, y and z."""
    size = float(aabb[3:].max() * MARGIN / CELLS)
    shape = tuple(int(count) for count in np.ceil(aabb[3:] * MARGIN / size).clip(1))
    axes = [centre + (np.arange(count) + 0.5 - count / 2) * size for centre, count in zip(aabb[:3], shape, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3), shape


def pixels_of(camera: Camera, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whether each point is in the picture, and its row and column; 0 if it is not."""
    pixels, depth = project(camera, points)
    there = (depth > 0) & (pixels >= 0).all(axis=1) & (pixels < [camera.width, camera.height]).all(axis=1)
    columns, rows = np.where(there[:, None], pixels, 0).astype(int).T
    return there, rows, columns


def outermost(inside: np.ndarray) -> np.ndarray:
    """(x, y, z) bool: the cells inside that have a face to the outside."""
    padded = np.pad(inside, 1)
    enclosed = np.ones_like(inside)
    for axis in range(3):
        for step in (-1, 1):
            enclosed &= np.roll(padded, step, axis)[1:-1, 1:-1, 1:-1]
    return inside & ~enclosed


def colors_of(
    points: np.ndarray, centre: np.ndarray, cameras: tuple[Camera, ...], pictures: np.ndarray, own: np.ndarray
) -> np.ndarray:
    """(n, 3) uint8: the colour of each point in the view whose camera is nearest to the direction from the centre to the
    point, among the views that show the object there; grey if none does.
    """
    colors, best = np.full((len(points), 3), 128, np.uint8), np.full(len(points), -np.inf)
    outward = points - centre
    for camera, picture, mask in zip(cameras, pictures, own, strict=True):
        there, rows, columns = pixels_of(camera, points)
        facing = outward @ (eye(camera) - centre) / np.linalg.norm(eye(camera) - centre)
        better = there & mask[rows, columns] & (facing > best)
        colors[better], best[better] = picture[rows[better], columns[better]], facing[better]
    return colors
