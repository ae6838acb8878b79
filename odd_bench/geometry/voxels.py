"""Voxelisation: a closed mesh as a grid of inside and outside voxels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from odd_bench.geometry.raycast import ray_scene, tensor

MARGIN_VOXELS = 4  # empty voxels on every side of the mesh


@dataclass(frozen=True)
class VoxelSolid:
    """A solid as a grid of voxels.

    inside: (x, y, z) bool. origin: (3,) and voxel_size, canonical frame: the centre of voxel i is
    origin + (i + 0.5) * voxel_size.
    """

    inside: np.ndarray
    origin: np.ndarray
    voxel_size: float

    def centers(self, index: np.ndarray) -> np.ndarray:
        """Centres (n, 3) of the voxels with these indices (n, 3) int."""
        return self.origin + (index + 0.5) * self.voxel_size

    def largest_body(self) -> VoxelSolid:
        """The largest set of inside voxels that are connected through their faces."""
        body, _ = ndimage.label(self.inside)
        size = np.bincount(body.ravel())
        size[0] = 0
        return VoxelSolid((body == size.argmax()) & self.inside, self.origin, self.voxel_size)


def voxelize(vertices: np.ndarray, faces: np.ndarray, resolution: int) -> VoxelSolid:
    """Fill a closed mesh whose faces are counter-clockwise from outside; `resolution` voxels span its largest side.

    One ray per column runs up along z. Its signed surface crossings add up to the winding number, so the bodies of a mesh
    may overlap.
    """
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    size = float((high - low).max() / resolution)
    counts = np.ceil((high - low) / size).astype(int) + 2 * MARGIN_VOXELS
    origin = (low + high) / 2 - counts * size / 2
    column, height, step = _crossings(vertices, faces, origin, size, counts)
    first_above = np.clip(np.ceil((height - origin[2]) / size - 0.5).astype(int), 0, counts[2])
    winding = np.zeros((counts[0] * counts[1], counts[2] + 1), np.int32)
    np.add.at(winding, (column, first_above), step)
    inside = np.cumsum(winding, axis=1)[:, :-1] > 0
    return VoxelSolid(inside.reshape(counts), origin, size)


def _crossings(vertices, faces, origin, size, counts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Crossings (k,) of the mesh by one vertical ray per column: index of the column, z, and +1 for entering, -1 for leaving."""
    x, y = np.meshgrid(np.arange(counts[0]), np.arange(counts[1]), indexing="ij")
    off_axis = np.array([0.5 + 0.0137, 0.5 + 0.0071])  # off the planes of symmetry, where many edges and vertices lie
    xy = origin[:2] + (np.column_stack([x.ravel(), y.ravel()]) + off_axis) * size  # (columns, 2)
    start = np.column_stack([xy, np.full(len(xy), origin[2])])
    rays = np.column_stack([start, np.tile([0.0, 0.0, 1.0], (len(xy), 1))])
    hits = ray_scene([(vertices, faces)]).list_intersections(tensor(rays))
    triangle = hits["primitive_ids"].numpy()
    corner = vertices[faces[triangle]]
    upward = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])[:, 2]
    return hits["ray_ids"].numpy(), origin[2] + hits["t_hit"].numpy(), -np.sign(upward).astype(np.int32)
