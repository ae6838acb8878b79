"""Normals to shade by: smooth over flat edges, each side its own at hard ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

HARD_EDGE_RAD = np.radians(40.0)  # edges that bend more stay hard in every engine, the rest is shaded smoothly


@dataclass(frozen=True)
class Normals:
    """Unit normals, float32. vertex: (v, 3) over all faces around. corner: (f, 3 corners, 3) over those that go on smoothly."""

    vertex: np.ndarray
    corner: np.ndarray


def shading_normals(vertices: np.ndarray, faces: np.ndarray) -> Normals:
    """Of a mesh of (v, 3) vertices and (f, 3) faces, larger faces counting more."""
    corners = vertices.astype(np.float32)[faces]  # (f, 3, 3)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])  # length: twice the area
    vertex = _unit(_summed(across, faces, len(vertices)))
    return Normals(vertex, _corner_normals(across, faces, vertex))


def _corner_normals(across: np.ndarray, faces: np.ndarray, vertex_normals: np.ndarray) -> np.ndarray:
    """(f, 3, 3) unit: the mean of those faces around the corner's vertex that lie flat enough against the corner's face."""
    normals = _unit(across)
    bend = np.einsum("fi,fci->fc", normals, vertex_normals[faces])  # cosine
    hard = np.zeros(len(vertex_normals), bool)
    hard[faces[bend < np.cos(HARD_EDGE_RAD / 2)]] = True  # around all others any two faces lie flat enough
    corner_normals = vertex_normals[faces]
    corner_normals[hard[faces]] = _at_hard_corners(across, normals, faces, hard)
    return corner_normals


def _at_hard_corners(across: np.ndarray, normals: np.ndarray, faces: np.ndarray, hard: np.ndarray) -> np.ndarray:
    """(corners, 3) unit normals of the corners at hard vertices (v,), in the order of the faces."""
    corner = np.flatnonzero(hard[faces])
    face, vertex = corner // 3, faces.ravel()[corner]
    has_vertex = sparse.csr_matrix((np.ones(len(corner), np.float32), (vertex, face)), (len(hard), len(faces)))
    first, count = has_vertex.indptr[vertex], np.diff(has_vertex.indptr)[vertex]
    starts = np.concatenate([[0], np.cumsum(count)])  # of each corner among the pairs of a corner and a face around it
    around = has_vertex.indices[np.arange(starts[-1]) + np.repeat(first - starts[:-1], count)]
    flat = np.einsum("ni,ni->n", normals[np.repeat(face, count)], normals[around]) > np.cos(HARD_EDGE_RAD)
    smooth = sparse.csr_matrix((flat.astype(np.float32), around, starts), (len(corner), len(faces)))
    return _unit(smooth @ across)


def _summed(values: np.ndarray, faces: np.ndarray, count: int) -> np.ndarray:
    """(count, k): for each vertex the sum of the values (f, k) of its faces."""
    return np.stack(
        [np.bincount(faces.ravel(), np.repeat(column, 3), minlength=count) for column in values.T], axis=1
    ).astype(np.float32)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-20)
