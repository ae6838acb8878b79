"""Shading normals: smooth across flat edges, separate for the two sides of a hard edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

HARD_EDGE_RAD = np.radians(40.0)  # both renderers shade edges that bend less than this smoothly


@dataclass(frozen=True)
class Normals:
    """Unit normals, float32.

    vertex: (v, 3), averaged over all faces around a vertex. corner: (f, 3 corners, 3), averaged over only those faces around
    the vertex that continue the corner's own face smoothly.
    """

    vertex: np.ndarray
    corner: np.ndarray


def shading_normals(vertices: np.ndarray, faces: np.ndarray) -> Normals:
    """Shading normals of a mesh, weighted by the areas of the faces. vertices: (v, 3). faces: (f, 3) int."""
    corners = vertices.astype(np.float32)[faces]  # (f, 3, 3)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])  # length: twice the area
    vertex = _unit(_summed(across, faces, len(vertices)))
    return Normals(vertex, _corner_normals(across, faces, vertex))


def _corner_normals(across: np.ndarray, faces: np.ndarray, vertex_normals: np.ndarray) -> np.ndarray:
    """Unit normals (f, 3, 3): the mean of the faces around each corner's vertex that bend little from the corner's own face."""
    normals = _unit(across)
    bend = np.einsum("fi,fci->fc", normals, vertex_normals[faces])  # cosine
    hard = np.zeros(len(vertex_normals), bool)
    hard[faces[bend < np.cos(HARD_EDGE_RAD / 2)]] = True  # around all others, no edge can be hard
    corner_normals = vertex_normals[faces]
    corner_normals[hard[faces]] = _at_hard_corners(across, normals, faces, hard)
    return corner_normals


def _at_hard_corners(across: np.ndarray, normals: np.ndarray, faces: np.ndarray, hard: np.ndarray) -> np.ndarray:
    """Unit normals (corners, 3) of the corners at hard vertices (v,) bool, in the order of the faces."""
    corner = np.flatnonzero(hard[faces])
    face, vertex = corner // 3, faces.ravel()[corner]
    has_vertex = sparse.csr_matrix((np.ones(len(corner), np.float32), (vertex, face)), (len(hard), len(faces)))
    first, count = has_vertex.indptr[vertex], np.diff(has_vertex.indptr)[vertex]
    starts = np.concatenate([[0], np.cumsum(count)])  # where each corner's own (corner, face) pairs begin
    around = has_vertex.indices[np.arange(starts[-1]) + np.repeat(first - starts[:-1], count)]
    flat = np.einsum("ni,ni->n", normals[np.repeat(face, count)], normals[around]) > np.cos(HARD_EDGE_RAD)
    smooth = sparse.csr_matrix((flat.astype(np.float32), around, starts), (len(corner), len(faces)))
    return _unit(smooth @ across)


def _summed(values: np.ndarray, faces: np.ndarray, count: int) -> np.ndarray:
    """For each vertex, the sum (count, k) of the values (f, k) of its faces."""
    return np.stack(
        [np.bincount(faces.ravel(), np.repeat(column, 3), minlength=count) for column in values.T], axis=1
    ).astype(np.float32)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-20)
