"""Cells that stand on the floor: in most photographs, their pixels do not show the floor.

A floor looks the same from everywhere; an object above it hides a different part of the floor in every photograph. A picture of the
floor is computed as the median of all photographs. Pixels that differ from it show something that stands on the floor, and cells
that differ in most photographs belong to objects (space carving, Kutulakos and Seitz 1999, with silhouettes as evidence).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.ndimage import binary_closing, maximum_filter, minimum_filter

from odd_bench.captures.lens import Lens
from odd_bench.captures.resample import View, in_picture, sampled
from odd_bench.scene import Camera

PAINTED = 384  # cells along a side of the picture of the floor
LEAST_DIFFERENCE = 0.05  # of a channel, in [0, 1]: shading of the floor differs by less
ALLOWED_SPREAD = 0.05  # largest tolerance for changes of the floor from view to view
LEAST_VIEWS = 3
NEAREST = 1e-6  # smallest depth in front of a camera
GAP, HOLE = 0.006, 0.06  # widths of gaps and holes that are closed, as shares of a picture's side
AROUND = np.ones((3, 3), bool)
SAMPLED = 4  # every fourth cell of the floor is used to estimate the exposures


@dataclass(frozen=True)
class Room:
    """A box of cells, floor plan. low: (3,) its lowest corner. cell: side of a cell. counts: cells along x, y, z."""

    low: np.ndarray
    cell: float
    counts: tuple[int, int, int]

    def centres(self) -> np.ndarray:
        """(x, y, z, 3)"""
        axes = [self.low[i] + (np.arange(self.counts[i]) + 0.5) * self.cell for i in range(3)]
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


@dataclass(frozen=True)
class Painting:
    """The floor from above. colors: (n, n, 3) float32 in [0, 1], x first. spread: (n, n, 3) deviation between photographs.

    low: (2,) lowest corner. cell: side of a cell. seen: (n, n) number of photographs that show a cell.
    """

    colors: np.ndarray
    spread: np.ndarray
    seen: np.ndarray
    low: np.ndarray
    cell: float

    def at(self, values: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Values (n, n, c) at points (..., 2) of the plan."""
        index = (places - self.low) / self.cell
        return sampled(values, index[..., ::-1])  # rows are x


def painted_floor(views: list[View], half: float) -> tuple[Painting, np.ndarray]:
    """The floor within `half` of the origin, and the exposure (v, 3) of each photograph relative to the others."""
    cell = 2 * half / PAINTED
    axis = -half + (np.arange(PAINTED) + 0.5) * cell
    places = np.stack([*np.meshgrid(axis, axis, indexing="ij"), np.zeros((PAINTED, PAINTED))], axis=-1)
    shown = np.full((len(views), PAINTED, PAINTED, 3), np.nan, np.float32)
    for number, view in enumerate(views):
        pixels, inside = projected(view, places)
        shown[number][inside] = sampled(view.picture, pixels[inside]) / 255
    gains = np.ones((len(views), 3), np.float32)
    some = shown[:, ::SAMPLED, ::SAMPLED]
    for _ in range(2):
        median = _median(some / gains[:, None, None])
        for number in range(len(views)):
            ratio = (some[number] / np.maximum(median, 0.02)).reshape(-1, 3)
            ratio = ratio[np.isfinite(ratio).all(axis=1)]
            gains[number] = np.clip(np.median(ratio, axis=0), 0.3, 3.0) if len(ratio) else 1.0
    shown /= gains[:, None, None]
    colors = _median(shown)
    spread = 1.4826 * _median(np.abs(shown - colors))
    return Painting(colors, spread, np.isfinite(shown[..., 0]).sum(axis=0), np.array([-half, -half]), cell), gains


def stands_out(view: View, gain: np.ndarray, painting: Painting) -> np.ndarray:
    """(h, w) float32: 1 where the picture does not show the floor, 0 where it does, NaN where it is unknown."""
    camera = view.camera
    u, v = np.meshgrid(np.arange(camera.width) + 0.5, np.arange(camera.height) + 0.5)
    turn, place = camera.camera_from_world[:3, :3], camera.camera_from_world[:3, 3]
    eye = -turn.T @ place
    rays = np.stack([u, v, np.ones_like(u)], axis=-1) @ np.linalg.inv(camera.K).T @ turn
    length = np.where(rays[..., 2] < -1e-6, -eye[2] / np.minimum(rays[..., 2], -1e-6), np.inf)
    reach = -painting.low[0]
    ground = eye[:2] + np.where(np.isfinite(length), length, 0.0)[..., None] * rays[..., :2]
    known = np.isfinite(length) & (np.abs(ground) < reach).all(axis=-1) & view.inside
    expected = painting.at(np.nan_to_num(painting.colors), ground)
    spread = np.clip(painting.at(np.nan_to_num(painting.spread), ground), 0, ALLOWED_SPREAD)
    known &= painting.at((painting.seen >= LEAST_VIEWS).astype(np.float32)[..., None], ground)[..., 0] > 0.99
    around = (3, 3, 1)  # camera errors of a pixel must not make every edge of the floor's pattern an object
    low, high = minimum_filter(expected, around), maximum_filter(expected, around)
    color = view.picture / 255 / gain
    beyond = np.maximum(np.maximum(low - color, color - high) - spread, 0).max(axis=-1)
    return np.where(known, filled(beyond > LEAST_DIFFERENCE), np.nan).astype(np.float32)


def filled(region: np.ndarray) -> np.ndarray:
    """(h, w) bool: the region with gaps and small holes closed, where an object happens to have the colour of the floor."""
    reach = max(round(GAP * max(region.shape)), 1)
    region = binary_closing(np.pad(region, reach), AROUND, iterations=reach)[reach:-reach, reach:-reach] | region
    label, count = ndimage.label(~region)
    small = np.bincount(label.ravel(), minlength=count + 1) < (HOLE * max(region.shape)) ** 2
    small[0] = False
    return region | small[label]


def votes(views: list[View], differs: list[np.ndarray], room: Room) -> np.ndarray:
    """(x, y, z) share of the photographs of a cell in which it stands out; 0 if fewer than three show it."""
    centres = np.column_stack([room.centres().reshape(-1, 3), np.ones(np.prod(room.counts))]).astype(np.float32)
    total, out = np.zeros(len(centres), np.float32), np.zeros(len(centres), np.float32)
    for view, differ in zip(views, differs, strict=True):
        camera = view.camera
        column, row, depth = (camera.K @ camera.camera_from_world[:3]).astype(np.float32) @ centres.T  # (3, n)
        ahead = depth > NEAREST
        scale = 1 / np.where(ahead, depth, 1)
        column, row = column * scale, row * scale
        told = ahead & (column >= 0) & (row >= 0) & (column < camera.width) & (row < camera.height)
        value = differ[row[told].astype(np.intp), column[told].astype(np.intp)]
        known = np.isfinite(value)
        total[told] += known
        out[told] += np.where(known, value, 0)
    return np.where(total >= LEAST_VIEWS, out / np.maximum(total, 1), 0).reshape(room.counts)


def projected(view: View, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (..., 2) of points (..., 3), and which of them (...) are in the picture."""
    camera: Camera = view.camera
    lens = Lens(camera.width, camera.height, camera.K)
    return in_picture(lens, places @ camera.camera_from_world[:3, :3].T + camera.camera_from_world[:3, 3])


def _median(values: np.ndarray) -> np.ndarray:
    """The median over the first axis, ignoring NaN; NaN if all values are NaN."""
    ordered = np.sort(values, axis=0)  # NaN last
    count = np.isfinite(values).sum(axis=0)
    low, high = np.maximum((count - 1) // 2, 0), np.maximum(count // 2, 0)
    taken = [np.take_along_axis(ordered, index[None], axis=0)[0] for index in (low, np.minimum(high, len(values) - 1))]
    return np.where(count > 0, (taken[0] + taken[1]) / 2, np.nan)
