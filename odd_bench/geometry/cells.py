"""A solid divided into small Voronoi cells: the elements on which fracture modes are constant.

Sellán et al. (2023) use tetrahedra of a mesh around the solid. Cells of the solid itself replace them here: in a
thin-walled shape, a cell spans the wall, no cell bridges a gap, and the volumes of the cells add up to that of the solid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from odd_bench.geometry.voxels import VoxelSolid

MANY_EDGES = 20_000  # in graphs with more edges, SciPy's connected components are faster despite their set-up cost
LLOYD_ROUNDS = 3
LLOYD_SAMPLES = 20  # voxels per cell from which the rounds estimate its centre


@dataclass(frozen=True)
class Cells:
    """The cells of a solid and their shared faces, in canonical units.

    label: (x, y, z) int32, the cell of every inside voxel, -1 outside. volume: (n,) float. center: (n, 3) float,
    canonical frame. edges: (m, 2) int32, pairs of touching cells, first < second. area: (m,) float, the area they share.
    """

    label: np.ndarray
    volume: np.ndarray
    center: np.ndarray
    edges: np.ndarray
    area: np.ndarray


def divide(solid: VoxelSolid, count: int, rng: np.random.Generator) -> Cells:
    """Divide a solid into about `count` connected cells of similar volume."""
    index = np.argwhere(solid.inside)
    position = solid.centers(index)
    nearest = _voronoi(position, min(count, len(index)), rng)
    label = np.full(solid.inside.shape, -1, np.int32)
    label[tuple(index.T)] = nearest
    label[tuple(index.T)] = _connected(label, index)
    inside = label[tuple(index.T)]
    volume = np.bincount(inside) * solid.voxel_size**3
    center = np.column_stack([np.bincount(inside, position[:, axis]) for axis in range(3)])
    edges, area = _shared_faces(label, solid.voxel_size)
    return Cells(label, volume, center / (volume / solid.voxel_size**3)[:, None], edges, area)


def components(edges: np.ndarray, count: int) -> np.ndarray:
    """The connected component (count,) int of every node of a graph. edges: (m, 2) int.

    Components are numbered in the order of their first nodes.
    """
    if len(edges) > MANY_EDGES:
        ones = np.ones(len(edges), np.int8)
        graph = sparse.coo_matrix((ones, (edges[:, 0], edges[:, 1])), shape=(count, count))
        return sparse.csgraph.connected_components(graph, directed=False)[1]
    root, (start, end) = np.arange(count), edges.T
    while True:
        low, high = np.minimum(root[start], root[end]), np.maximum(root[start], root[end])
        apart = low < high
        if not apart.any():
            return np.unique(root, return_inverse=True)[1]
        np.minimum.at(root, high[apart], low[apart])
        while (root[root] != root).any():
            root = root[root]


def _voronoi(position: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """The nearest (n,) int of `count` seeds, which Lloyd's algorithm has spread evenly on a sample of the positions."""
    sample = position[rng.permutation(len(position))[: count * LLOYD_SAMPLES]]
    seeds = sample[:count]
    for _ in range(LLOYD_ROUNDS):
        nearest = cKDTree(seeds).query(sample)[1]
        size = np.maximum(np.bincount(nearest, minlength=count), 1)
        seeds = np.column_stack([np.bincount(nearest, sample[:, axis], count) / size for axis in range(3)])
    return cKDTree(seeds).query(position)[1]


def _voxel_pairs(label: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels on the two sides of every voxel face perpendicular to this axis."""
    count = label.shape[axis]
    return label.take(range(count - 1), axis).ravel(), label.take(range(1, count), axis).ravel()


def _connected(label: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Labels (n,) int of the voxels at `index`, after every cell of several pieces has been split into one cell per piece."""
    number = np.full(label.shape, -1, np.int32)
    number[tuple(index.T)] = np.arange(len(index))
    pairs = []
    for axis in range(3):
        (first, second), (here, there) = _voxel_pairs(label, axis), _voxel_pairs(number, axis)
        same = (first == second) & (first >= 0)
        pairs.append(np.column_stack([here[same], there[same]]))
    return components(np.concatenate(pairs), len(index))


def _shared_faces(label: np.ndarray, voxel_size: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of touching cells (m, 2) and the areas (m,) between them.

    The area is the length of the vector of the numbers of shared voxel faces along x, y and z, times the area of a face.
    """
    count = int(label.max()) + 1
    keys, axes = [], []
    for axis in range(3):
        first, second = _voxel_pairs(label, axis)
        touching = (first != second) & (first >= 0) & (second >= 0)
        low, high = np.minimum(first, second)[touching], np.maximum(first, second)[touching]
        keys.append(low.astype(np.int64) * count + high)
        axes.append(np.full(len(low), axis))
    pair, number = np.unique(np.concatenate(keys), return_inverse=True)
    faces = np.zeros((len(pair), 3))
    np.add.at(faces, (number, np.concatenate(axes)), 1)
    edges = np.column_stack([pair // count, pair % count]).astype(np.int32)
    return edges, np.linalg.norm(faces, axis=1) * voxel_size**2
