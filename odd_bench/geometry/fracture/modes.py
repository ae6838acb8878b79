"""Fracture modes: the ways in which a solid falls apart most easily, after Sellán et al., "Breaking Good", 2023.

A mode assigns one scalar to every cell of the solid and is constant over large pieces, so that it is a way of cutting the solid.
Mode k minimises the sum of area times jump over all faces, among unit vectors orthogonal to the modes before it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import manifold3d
import numpy as np
from scipy import ndimage, sparse
from scipy.optimize import linprog
from scipy.sparse import linalg

from odd_bench.atomic import write_atomically
from odd_bench.geometry.cells import Cells, components, divide
from odd_bench.geometry.refusal import NO_MODES, OPEN_MESH, SEVERAL_BODIES, Refusal
from odd_bench.geometry.shape import Shape
from odd_bench.geometry.solid import cut_mesh, main_surface, require_solid, volume
from odd_bench.geometry.voxels import MARGIN_VOXELS, VoxelSolid, voxelize
from odd_bench.plain_file import open_plain

SKIN_VOXELS = 2  # thickness of the solid's outermost layer
JUMP = 1e-4  # smaller differences of a mode across a face are rounding errors; a mode has unit mass-weighted norm


@dataclass(frozen=True)
class FractureConfig:
    """How fracture modes are computed."""

    resolution: int = 112
    """Voxels along the largest side."""
    cells: int = 700
    """Number of elements."""
    modes: int = 7
    """Number of modes."""
    rounds: int = 2
    """Largest number of linear programmes per mode."""
    flaws: float = 0.25
    """Standard deviation of the logarithm of the material's strength. Its weak places make two seeds break differently."""
    smallest_body: float = 0.01
    """Bodies below this fraction of the volume do not count as separate."""


@dataclass(frozen=True)
class FractureModes:
    """The cells of one shape and the modes on them; every fracture or crack of that shape starts from these.

    label: (x, y, z) int16, the cell of every voxel in the solid, the nearest cell within a few voxels of it, and -1 elsewhere.
    inside: (x, y, z) bool. origin: (3,) and voxel_size: (), canonical frame; voxel i is centred at origin + (i + 0.5) * size.
    mass: (n,) share of the volume; sums to 1. center: (n, 3). edges: (m, 2) pairs of touching cells. area: (m,) shared area.
    modes: (n, k) float. pieces: (n,) int, the atomic piece of every cell: no mode separates two cells of one piece.
    """

    label: np.ndarray
    inside: np.ndarray
    origin: np.ndarray
    voxel_size: np.ndarray
    mass: np.ndarray
    center: np.ndarray
    edges: np.ndarray
    area: np.ndarray
    modes: np.ndarray
    pieces: np.ndarray

    @cached_property
    def skin_depth(self) -> np.ndarray:
        """(x, y, z) depth of every voxel below the skin, canonical units; 0 outside the solid."""
        return ndimage.distance_transform_edt(self.inside) * float(self.voxel_size)

    @cached_property
    def skin(self) -> np.ndarray:
        """(x, y, z) bool: the outermost SKIN_VOXELS layers of the solid."""
        return self.inside & ~ndimage.binary_erosion(self.inside, iterations=SKIN_VOXELS)

    @cached_property
    def near_solid(self) -> np.ndarray:
        """(x, y, z) bool: the voxels in the solid or just outside."""
        return ndimage.binary_erosion(self.label >= 0, iterations=2)

    @cached_property
    def links(self) -> sparse.csr_matrix:
        """(n, n) sparse: the area that each pair of cells shares."""
        links = sparse.coo_matrix((self.area, tuple(self.edges.T)), shape=(len(self.mass),) * 2)
        return (links + links.T).tocsr()

    @cached_property
    def skin_pairs(self) -> tuple[np.ndarray, ...]:
        """For each axis (2, k): the pairs of different cells in voxels that adjoin along it, in the layers around the solid."""
        label = np.where(self.inside, -1, self.label)
        pairs = []
        for here, there in ((label[1:], label[:-1]), (label[:, 1:], label[:, :-1]), (label[..., 1:], label[..., :-1])):
            differ = (here != there) & (here >= 0) & (there >= 0)
            pairs.append(np.stack([here[differ], there[differ]]))
        return tuple(pairs)

    def save(self, path: Path) -> None:
        """Write a compressed .npz; equal modes give equal bytes."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **{field.name: getattr(self, field.name) for field in fields(self)})
        write_atomically(Path(path), buffer.getvalue())

    @staticmethod
    def load(path: Path) -> FractureModes:
        with open_plain(path) as file, np.load(file, allow_pickle=False) as stored:
            return FractureModes(**{name: stored[name] for name in stored.files})


def compute_modes(shape: Shape, rng: np.random.Generator, config: FractureConfig | None = None) -> FractureModes:
    """The fracture modes of a closed shape of one body. Raises Refusal for an open mesh or one of several bodies."""
    config = config or FractureConfig()
    _require_one_body(require_solid(shape), config.smallest_body)
    solid = _filled(shape, config.resolution, config.smallest_body)
    cells = divide(solid, config.cells, rng)
    mass = cells.volume / cells.volume.sum()
    strength = cells.area / cells.area.mean() * _strength(cells, config.flaws, rng)
    modes = _modes(mass, cells.edges, strength, config)
    jumps = (np.abs(modes[cells.edges[:, 0]] - modes[cells.edges[:, 1]]) > JUMP).any(axis=1)
    pieces = components(cells.edges[~jumps], len(mass)).astype(np.int32)
    label = _extend(cells.label).astype(np.int16)
    size = np.float64(solid.voxel_size)
    return FractureModes(
        label, solid.inside, solid.origin, size, mass, cells.center, cells.edges, cells.area, modes, pieces
    )


def _require_one_body(solid: manifold3d.Manifold, smallest: float) -> None:
    others = 1 - volume(main_surface(cut_mesh(solid))) / solid.volume()
    if others > smallest:
        raise Refusal(SEVERAL_BODIES, f"all but the largest hold {others:.0%} of the volume")


def _filled(shape: Shape, resolution: int, smallest: float) -> VoxelSolid:
    """The voxels of the shape's one body."""
    solid = voxelize(shape.vertices, shape.faces, resolution)
    body = solid.largest_body()
    if not body.inside.any():
        raise Refusal(OPEN_MESH, f"none of {solid.inside.size} voxels is inside")
    if body.inside.sum() < (1 - smallest) * solid.inside.sum():
        raise Refusal(SEVERAL_BODIES, "walls thinner than the voxels fall apart")
    return body


def _extend(label: np.ndarray) -> np.ndarray:
    """Labels extended to the voxels around the solid, so that a cutter made from them reaches beyond its surface."""
    distance, nearest = ndimage.distance_transform_edt(label < 0, return_indices=True)
    return np.where(distance < MARGIN_VOXELS - 0.5, label[tuple(nearest)], -1)


def _strength(cells: Cells, spread: float, rng: np.random.Generator) -> np.ndarray:
    """(m,) random factor on the strength of every shared face, smooth over a few cells."""
    count = len(cells.volume)
    ones = np.ones(len(cells.edges))
    links = sparse.coo_matrix((ones, tuple(cells.edges.T)), shape=(count, count)).tocsr()
    links = links + links.T + sparse.eye(count)
    mean = sparse.diags(1 / np.asarray(links.sum(axis=1)).ravel()) @ links
    flaw = mean @ rng.standard_normal(count)
    flaw /= flaw.std()
    return np.exp(spread * flaw[cells.edges].mean(axis=1))


def _modes(mass: np.ndarray, edges: np.ndarray, strength: np.ndarray, config: FractureConfig) -> np.ndarray:
    """(n, k) modes, mass-orthonormal and orthogonal to the constant vector, which is a translation."""
    count, jumps = len(mass), len(edges)
    signs = np.repeat([1.0, -1.0], jumps)
    jump = sparse.coo_matrix((signs, (np.tile(np.arange(jumps), 2), edges.T.ravel())), shape=(jumps, count)).tocsr()
    basis = np.ones((count, 1))
    for smooth in _smooth_modes(mass, jump, strength, config.modes).T:
        basis = np.column_stack([basis, _mode(smooth, basis, mass, jump, strength, config.rounds)])
    return basis[:, 1:]


def _smooth_modes(mass: np.ndarray, jump: sparse.csr_matrix, strength: np.ndarray, count: int) -> np.ndarray:
    """(n, k) lowest non-constant vibration modes of the cell graph, where the search for the fracture modes starts."""
    stiffness = jump.T @ sparse.diags(strength) @ jump
    start = 1 + np.arange(len(mass)) / len(mass)
    shift = -1e-3 * stiffness.diagonal().mean()
    return linalg.eigsh(stiffness, count + 1, sparse.diags(mass), sigma=shift, v0=start)[1][:, 1:]


def _mode(start, basis, mass, jump, strength, rounds) -> np.ndarray:
    """(n,) one mode: a linear programme, solved again with the last solution as the direction until that no longer changes."""
    direction = _unit(start - basis @ (basis.T @ (mass * start)), mass)
    for _ in range(rounds):
        solution = _unit(_sparsest(direction, basis, mass, jump, strength), mass)
        if solution @ (mass * direction) > 1 - 1e-6:
            break
        direction = solution
    return solution


def _unit(vector: np.ndarray, mass: np.ndarray) -> np.ndarray:
    return vector / np.sqrt(vector @ (mass * vector))


def _sparsest(direction, basis, mass, jump, strength) -> np.ndarray:
    """Minimise sum(strength * |jump u|) with direction' M u = 1 and basis' M u = 0.

    The dual is solved: the largest flow through faces whose capacity is their strength. It has half the unknowns and one row per
    cell. u is the price of flow in every cell, determined up to scale.
    """
    faces, others = jump.shape[0], basis.shape[1]
    sources = np.column_stack([mass[:, None] * basis, -mass * direction])
    flow = sparse.hstack([jump.T, sparse.csr_matrix(sources)]).tocsc()
    limits = np.concatenate([strength, np.full(others + 1, np.inf)])
    cost = np.zeros(faces + others + 1)
    cost[-1] = -1
    result = linprog(
        cost, A_eq=flow, b_eq=np.zeros(len(mass)), bounds=np.stack([-limits, limits], axis=1), method="highs-ipm"
    )
    if result.status != 0:
        raise Refusal(NO_MODES, result.message)
    price = -result.eqlin.marginals
    price = price - basis @ (basis.T @ (mass * price))
    return price / (direction @ (mass * price))
