"""Meshes a composition of fields: block-sparse evaluation on a fixed lattice, then marching cubes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from odd_bench.shapes.sdf import Field, smooth_minimum

BLOCK = 8  # lattice cells along the side of a block
SLACK = 1.3  # largest change of a field per unit of length
SPECK = 60  # faces; a loose piece with fewer is removed
REACH = 2.0  # every solid lies inside the cube from -REACH to REACH, design units


@dataclass(frozen=True)
class Layer:
    """One step of the composition: add the field with a fillet of radius `blend`, or cut it away."""

    field: Field
    blend: float = 0.0
    cut: bool = False


def bounds(layers: Sequence[Layer]) -> tuple[np.ndarray, np.ndarray]:
    """The low and the high corner (3,) of a box around the surface, design units, with a margin of one coarse cell.

    Raises ValueError if there is no solid inside the cube from -REACH to REACH.
    """
    step = 2 * REACH / 10
    near = _cube(np.arange(-REACH + step / 2, REACH, step))
    for halving in range(3):
        near = near[compose(layers, near) < SLACK * step * np.sqrt(3) / 2]
        if halving < 2:
            step /= 2
            near = (near[:, None] + _cube(np.array([-step / 2, step / 2]))).reshape(-1, 3)
    if len(near) == 0:
        raise ValueError(
            f"isosurface: the fields are negative nowhere; expected a solid inside the cube of side {2 * REACH:g}"
        )
    return near.min(axis=0) - step, near.max(axis=0) + step


def _cube(places: np.ndarray) -> np.ndarray:
    """(n**3, 3) float32: the points at all combinations of (n,) coordinates."""
    return np.stack(np.meshgrid(places, places, places, indexing="ij"), axis=-1).reshape(-1, 3).astype(np.float32)


def compose(layers: Sequence[Layer], points: np.ndarray) -> np.ndarray:
    """(n,) signed distance to the whole composition at (n, 3) points, negative inside."""
    distance = np.full(len(points), 1e3, np.float32)
    for layer in layers:
        distance = _apply(layer, distance, layer.field(points))
    return distance


def owners(layers: Sequence[Layer], points: np.ndarray) -> np.ndarray:
    """(n,) index of the layer that forms the surface at each of (n, 3) points."""
    distance, owner = np.full(len(points), 1e3, np.float32), np.zeros(len(points), np.int32)
    for index, layer in enumerate(layers):
        own = layer.field(points)
        owner[-own > distance if layer.cut else own < distance] = index
        distance = _apply(layer, distance, own)
    return owner


def surface(
    layers: Sequence[Layer], spacing: float, within: tuple[np.ndarray, np.ndarray] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The surface of the composition: vertices (v, 3) in design units and faces (f, 3) that face outwards.

    spacing: of the lattice, design units. The lattice is anchored at the origin, so that the meshes of two compositions agree
    vertex for vertex wherever the compositions agree. within: the result of `bounds`, if it is already known.
    """
    from skimage.measure import marching_cubes

    low, high = within or bounds(layers)
    first = np.floor(low / spacing / BLOCK).astype(int)
    blocks = np.ceil(high / spacing / BLOCK).astype(int) - first
    values = _evaluate(layers, spacing, first * BLOCK, blocks)
    vertices, faces, _, _ = marching_cubes(values, 0.0, allow_degenerate=False)
    vertices, faces = _without_specks(vertices, faces.astype(np.int32))
    return (vertices + first * BLOCK) * spacing, faces


def _without_specks(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mesh without loose pieces of fewer than SPECK faces, which a cut can leave behind."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    corners = np.concatenate([faces[:, :2], faces[:, 1:]])
    links = coo_matrix((np.ones(len(corners), np.int8), (corners[:, 0], corners[:, 1])), shape=(len(vertices),) * 2)
    _, component = connected_components(links, directed=False)
    kept = np.bincount(component[faces[:, 0]], minlength=component.max() + 1)[component] >= SPECK
    renumbered = np.cumsum(kept) - 1
    return vertices[kept], renumbered[faces[kept[faces[:, 0]]]].astype(np.int32)


def spacing_for(layers: Sequence[Layer], faces: int, within: tuple[np.ndarray, np.ndarray]) -> float:
    """The lattice spacing, in design units, that gives about `faces` faces. within: the result of `bounds`."""
    low, high = within
    coarse = float((high - low).max()) / 48
    _, coarse_faces = surface(layers, coarse, (low, high))
    return coarse * float(np.sqrt(len(coarse_faces) / faces))


def _evaluate(layers: Sequence[Layer], spacing: float, first: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """(x, y, z) values on the lattice; in blocks far from the surface only the sign is right."""
    corner = np.stack(np.meshgrid(*(np.arange(n) for n in blocks), indexing="ij"), axis=-1).reshape(-1, 3)
    centers = ((first + corner * BLOCK + (BLOCK - 1) / 2) * spacing).astype(np.float32)
    radius = SLACK * spacing * (BLOCK + 1) / 2 * np.sqrt(3)
    at_center = [layer.field(centers) for layer in layers]
    total = np.full(len(centers), 1e3, np.float32)
    for layer, own in zip(layers, at_center, strict=True):
        total = _apply(layer, total, own)

    active = np.flatnonzero(np.abs(total) < radius)
    offsets = np.stack(np.meshgrid(*[np.arange(BLOCK)] * 3, indexing="ij"), axis=-1).reshape(1, -1, 3)
    points = ((first + corner[active, None] * BLOCK + offsets) * spacing).astype(np.float32)  # (blocks, 512, 3)
    values = _evaluate_blocks(layers, points, [own[active] for own in at_center], radius)

    grid = np.repeat(np.where(total < 0, np.float32(-1e3), np.float32(1e3))[:, None], BLOCK**3, axis=1)
    grid[active] = values
    grid[np.abs(grid) < 0.01 * spacing] = 0.01 * spacing  # flat surfaces on a lattice plane would break into slivers
    dense = grid.reshape(*blocks, BLOCK, BLOCK, BLOCK).transpose(0, 3, 1, 4, 2, 5)
    return np.ascontiguousarray(dense.reshape(blocks * BLOCK))


def _evaluate_blocks(layers, points: np.ndarray, at_center: list[np.ndarray], radius: float) -> np.ndarray:
    """(blocks, 512) values; each layer is evaluated only in the blocks that it can reach."""
    values = np.full(points.shape[:2], 1e3, np.float32)
    for layer, own in zip(layers, at_center, strict=True):
        near = np.flatnonzero(own < 2 * radius + layer.blend)
        if len(near):
            distance = layer.field(points[near].reshape(-1, 3)).reshape(len(near), -1)
            values[near] = _apply(layer, values[near], distance)
    return values


def _apply(layer: Layer, distance: np.ndarray, own: np.ndarray) -> np.ndarray:
    if layer.cut:
        return -smooth_minimum(-distance, own, layer.blend)
    return smooth_minimum(distance, own, layer.blend)
