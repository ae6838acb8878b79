"""Division of long edges near a region, so that a coarse mesh can bend there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from odd_bench.geometry.mesh import directed_edges
from odd_bench.geometry.refusal import TOO_COARSE, Refusal
from odd_bench.geometry.shape import Shape

ROUNDS = 12
MOST_FACES = 400_000


def refine(shape: Shape, distance: Callable[[np.ndarray], np.ndarray], edge: float) -> Shape:
    """Halve edges until, in every face that may reach the region, all are at most `edge` long, in canonical units.

    distance: maps points (n, 3) to their distances (n,) from the region, at most 0 inside. The surface, its labels and the
    order of the old vertices do not change, and a closed mesh stays closed. Raises Refusal if too many faces are needed.
    """
    for _ in range(ROUNDS):
        long = _long_edges(shape, distance, edge)
        if not long.any():
            return shape
        shape = _halved(shape, long)
        if len(shape.faces) > MOST_FACES:
            break
    raise Refusal(TOO_COARSE, f"{len(shape.faces)} faces")


def _long_edges(shape: Shape, distance, edge: float) -> np.ndarray:
    """The long edges (f, 3) bool. Edge k runs from corner k to corner k + 1; it is marked on both faces that share it."""
    corner = shape.vertices[shape.faces]
    length = np.linalg.norm(corner - np.roll(corner, -1, axis=1), axis=2)
    suspects = np.flatnonzero(length.max(axis=1) > edge)
    marked = np.zeros_like(length, bool)
    if len(suspects):
        center = corner[suspects].mean(axis=1)
        reach = np.linalg.norm(corner[suspects] - center[:, None], axis=2).max(axis=1)
        near = suspects[distance(center) < reach]
        marked[near] = length[near] > edge
    keys = _edge_keys(shape.faces)
    return np.isin(keys, keys[marked])


def _edge_keys(faces: np.ndarray) -> np.ndarray:
    """One number (f, 3) int64 for each undirected edge."""
    edges = np.sort(directed_edges(faces).astype(np.int64), axis=1)
    return (edges[:, 0] * (int(faces.max()) + 1) + edges[:, 1]).reshape(3, -1).T


def _halved(shape: Shape, marked: np.ndarray) -> Shape:
    """Insert a vertex in the middle of every marked edge, which divides faces into two, three or four."""
    keys, index = np.unique(_edge_keys(shape.faces)[marked], return_inverse=True)
    count = int(shape.faces.max()) + 1
    ends = np.stack([keys // count, keys % count], axis=1)
    middle = np.full(marked.shape, -1)
    middle[marked] = len(shape.vertices) + index
    pieces, source = [shape.faces[~marked.any(axis=1)]], [np.flatnonzero(~marked.any(axis=1))]
    for pattern, triangles in _DIVISIONS.items():
        for turn in range(3 if 0 < sum(pattern) < 3 else 1):
            own = np.flatnonzero((marked == np.roll(pattern, turn)).all(axis=1))
            points = np.concatenate([np.roll(shape.faces[own], -turn, 1), np.roll(middle[own], -turn, 1)], axis=1)
            pieces += [points[:, triangle] for triangle in triangles]
            source += [own] * len(triangles)
    source = np.concatenate(source)
    return replace(
        shape,
        vertices=np.concatenate([shape.vertices, shape.vertices[ends].mean(axis=1)]),
        faces=np.concatenate(pieces).astype(shape.faces.dtype),
        face_part=shape.face_part[source],
        face_material=shape.face_material[source],
        face_color=shape.face_color[source],
    )


# For each pattern of marked edges, the new triangles over corners 0 1 2 and the midpoints 3 4 5 of edges 0-1, 1-2, 2-0.
_DIVISIONS = {
    (True, False, False): ([0, 3, 2], [3, 1, 2]),
    (True, True, False): ([3, 1, 4], [0, 3, 4], [0, 4, 2]),
    (True, True, True): ([0, 3, 5], [3, 1, 4], [5, 4, 2], [3, 4, 5]),
}
