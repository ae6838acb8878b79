"""The gap of a crack: a winding wedge along a fracture surface, as a field whose positive region is carved away."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from odd_bench.geometry.fracture.cutting import Field, level_mesh
from odd_bench.geometry.fracture.modes import FractureModes
from odd_bench.geometry.refusal import NOT_VISIBLE, TOO_SMALL, Refusal

VOXEL = 1 / 160  # grid on which the gap is carved, fraction of the largest side


def surface_points(modes: FractureModes, field: Field) -> np.ndarray:
    """(p, 3) dense points on the zero level of the field, in or just outside the solid, canonical frame."""
    points, _ = level_mesh(field)
    return points[modes.near_solid[_voxel(modes, points)]]


def start_point(modes: FractureModes, surface: np.ndarray, reach: float, rng: np.random.Generator) -> np.ndarray:
    """(3,) a point where the fracture surface meets the skin, with as much of that line within reach as possible.

    Raises Refusal if the surface does not reach the skin.
    """
    line = surface[modes.skin[_voxel(modes, surface)]]
    if len(line) == 0:
        raise Refusal(NOT_VISIBLE, "the fracture surface does not reach the skin")
    starts = line[rng.integers(len(line), size=12)]
    length = cKDTree(line).query_ball_point(starts, reach, return_length=True)
    return starts[length.argmax()]


def wedge(
    modes: FractureModes, surface: np.ndarray, start: np.ndarray, width: float, reach: float, depth: float
) -> Field:
    """A field that is positive inside the gap: half the gap's width minus the distance to the fracture surface.

    The gap narrows to nothing at `reach` from its start and at about `depth` below the skin. width, reach, depth: fractions of
    the largest side. Raises Refusal if the gap is thinner than the grid.
    """
    near = surface[np.linalg.norm(surface - start, axis=1) < reach]
    low = near.min(axis=0) - width
    count = np.ceil((near.max(axis=0) + width - low) / VOXEL).astype(int)
    index = _around(np.floor((near - low) / VOXEL).astype(int), count, width / 2)
    center = low + (index + 0.5) * VOXEL
    half = _half_width(modes, center, start, width, reach, depth)
    index, center, half = index[half > 0], center[half > 0], half[half > 0]
    value = np.full(count, -VOXEL, np.float32)
    distance = cKDTree(near, compact_nodes=False, balanced_tree=False).query(center, distance_upper_bound=width)[0]
    value[tuple(index.T)] = half - np.minimum(distance, width)
    return Field(_largest(value), low, VOXEL)


def _voxel(modes: FractureModes, points: np.ndarray) -> tuple[np.ndarray, ...]:
    """The voxels that contain the points, as one index array per axis."""
    index = np.floor((points - modes.origin) / float(modes.voxel_size)).astype(int)
    return tuple(np.clip(index, 0, np.array(modes.inside.shape) - 1).T)


def _around(index: np.ndarray, count: np.ndarray, distance: float) -> np.ndarray:
    """(n, 3) voxels of a grid of size `count` that lie within about `distance` of the voxels at `index`."""
    marked = np.zeros(count, np.uint8)
    marked[tuple(index.T)] = 1
    size = 2 * int(np.ceil(distance / VOXEL)) + 3
    return np.argwhere(ndimage.maximum_filter(marked, size))


def _half_width(modes, points, start, width, reach, depth) -> np.ndarray:
    """(n,) half the width of the gap at each point; 0 where the gap would be too thin for the grid."""
    index = (points - modes.origin) / float(modes.voxel_size) - 0.5
    below = ndimage.map_coordinates(modes.skin_depth, index.T, order=1, mode="nearest", prefilter=False)
    along = np.linalg.norm(points - start, axis=1) / reach
    half = width / 2 * np.sqrt(np.clip(1 - along**2, 0, 1)) * np.clip(1.15 - below / depth, 0, 1)
    return np.where(half < 0.6 * VOXEL, 0, half)


def _largest(value: np.ndarray) -> np.ndarray:
    """The field with only the largest of its positive regions."""
    body, count = ndimage.label(value > 0)
    if count == 0:
        raise Refusal(TOO_SMALL, "the gap is thinner than its grid")
    size = np.bincount(body.ravel())
    size[0] = 0
    return np.where((body == size.argmax()) | (body == 0), value, -VOXEL)
