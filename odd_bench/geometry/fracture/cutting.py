"""Cutters with rough faces: closed meshes that separate chosen cells of a solid from the rest."""

from __future__ import annotations

from dataclasses import dataclass, replace

import manifold3d
import numpy as np
from scipy import ndimage
from skimage.measure import marching_cubes

from odd_bench.geometry.fracture.modes import FractureModes
from odd_bench.geometry.solid import CUTTER_ID, to_solid

SMOOTHING = 0.018  # radius by which the corners of the cells are rounded, fraction of the largest side
GRAIN_LENGTHS = (0.05, 0.025, 0.012)  # wavelengths of the roughness, fractions of the largest side
GRAIN_HEIGHTS = (
    0.22,
    0.10,
    0.05,
)  # heights, in units of the field, which rises from -1 to 1 over about three smoothings
GRAIN_LIMIT = 0.6  # where the field is further than this from 0, the roughness does not move the surface


@dataclass(frozen=True)
class Field:
    """A scalar on a grid of voxel centres, canonical frame. value: (x, y, z) float32. origin, voxel_size: as in VoxelSolid."""

    value: np.ndarray
    origin: np.ndarray
    voxel_size: float

    def crop(self, low: np.ndarray, high: np.ndarray) -> Field:
        """The part from voxel index `low` (3,) up to, but not including, `high` (3,)."""
        part = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        return Field(self.value[part], self.origin + np.asarray(low) * self.voxel_size, self.voxel_size)


def separation(modes: FractureModes, chosen: np.ndarray, rng: np.random.Generator) -> Field:
    """A field that is positive in the chosen cells and negative in the others, with a rough surface between them.

    chosen: (n,) bool, by cell.
    """
    smooth = smooth_separation(modes, chosen)
    grain = np.clip(_grain(smooth.value.shape, smooth.voxel_size, rng), -GRAIN_LIMIT, GRAIN_LIMIT)
    return replace(smooth, value=np.where(modes.label >= 0, smooth.value + grain, -1.0).astype(np.float32))


def smooth_separation(modes: FractureModes, chosen: np.ndarray) -> Field:
    """The same as `separation`, but with a smooth surface. Smoothing stays within the solid, so that it does not cross gaps."""
    voxel = float(modes.voxel_size)
    known = modes.label >= 0
    side = np.where(known, np.where(chosen[modes.label], 1.0, -1.0), 0.0).astype(np.float32)
    sigma = SMOOTHING / voxel
    weight = ndimage.gaussian_filter(known.astype(np.float32), sigma, truncate=2.5, mode="constant")
    smooth = ndimage.gaussian_filter(side, sigma, truncate=2.5, mode="constant") / np.maximum(weight, 1e-6)
    return Field(np.where(known, smooth, -1.0).astype(np.float32), modes.origin, voxel)


def _grain(shape: tuple[int, ...], voxel: float, rng: np.random.Generator) -> np.ndarray:
    """(x, y, z) smooth noise: the sum of several wavelengths."""
    total = np.zeros(shape, np.float32)
    for length, height in zip(GRAIN_LENGTHS, GRAIN_HEIGHTS, strict=True):
        white = rng.standard_normal(shape, dtype=np.float32)
        noise = ndimage.gaussian_filter(white, length / voxel / 4, truncate=2.5, mode="wrap")
        total += height * noise / noise.std()
    return total


def level_mesh(field: Field) -> tuple[np.ndarray, np.ndarray]:
    """Closed mesh around the region where the field is positive: vertices (v, 3), canonical frame, and faces (f, 3)."""
    padded = np.pad(field.value, 1, constant_values=min(-1.0, float(field.value.min())))
    vertices, faces, _, _ = marching_cubes(padded, 0.0, gradient_direction="ascent")
    return field.origin + (vertices - 0.5) * field.voxel_size, faces


def cutter(field: Field) -> manifold3d.Manifold:
    """The region where the field is positive, as a solid; empty if the field is positive nowhere."""
    inside = np.argwhere(field.value > 0)
    if len(inside) == 0:
        return manifold3d.Manifold()
    low = np.maximum(inside.min(axis=0) - 1, 0)
    return to_solid(*level_mesh(field.crop(low, inside.max(axis=0) + 2)), CUTTER_ID)
