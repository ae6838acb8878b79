"""Properties of a triangle mesh: areas, volumes, whether it is closed, and its number of bodies."""

from __future__ import annotations

import numpy as np
from scipy import sparse


def face_vectors(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Outward normals (f, 3) of the faces; the length of each is the area of its face."""
    a, b, c = (np.ascontiguousarray(vertices[corner].T) for corner in faces.T)
    u, v = b - a, c - a
    across = [u[i] * v[j] - u[j] * v[i] for i, j in ((1, 2), (2, 0), (0, 1))]
    return np.stack(across, axis=1) / 2


def face_areas(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Areas (f,) of the faces."""
    return np.linalg.norm(face_vectors(vertices, faces), axis=1)


def face_volumes(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Signed volumes (f,) of the tetrahedra between each face and the origin; their sum is the volume of a closed mesh."""
    return np.einsum("ij,ij->i", vertices[faces[:, 0]], face_vectors(vertices, faces)) / 3


def directed_edges(faces: np.ndarray) -> np.ndarray:
    """Directed edges (3 f, 2) int: edge 0-1 of all faces, then 1-2, then 2-0."""
    return np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])


def is_closed(faces: np.ndarray) -> bool:
    """Whether the faces traverse every edge as often in one direction as in the other."""
    edges = directed_edges(faces).astype(np.int64)
    count = int(faces.max()) + 1
    forward = np.sort(edges[:, 0] * count + edges[:, 1])
    backward = np.sort(edges[:, 1] * count + edges[:, 0])
    return bool(np.array_equal(forward, backward))


def count_bodies(vertices: np.ndarray, faces: np.ndarray) -> int:
    """Number of connected surfaces that enclose material. The wall of a cavity does not count."""
    edges = faces[:, [0, 1, 1, 2]].reshape(-1, 2)
    links = sparse.coo_matrix((np.ones(len(edges), np.int8), tuple(edges.T)), shape=(len(vertices),) * 2)
    label = sparse.csgraph.connected_components(links, directed=False)[1]
    volumes = np.bincount(label[faces[:, 0]], face_volumes(vertices, faces))
    return int((volumes > 0).sum())
