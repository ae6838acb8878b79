"""All instances of a scene as one soup of triangles, with what shading needs at each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from odd_bench.color import linear
from odd_bench.shapes.raycast import Mesh
from odd_bench.shapes.shape import HARD_EDGE_RAD, Shape

CLEAR_M = 5e-4  # rays start this far above the surface they leave, so that they do not hit it


@dataclass(frozen=True)
class Surface:
    """vertices: (v, 3) metres, world. faces: (f, 3). corner_normals: (f, 3, 3) unit. albedo: (f, 3) linear.

    vertex_normals: (v, 3) unit. roughness, metallic: (f,) 0..1.
    """

    vertices: np.ndarray
    faces: np.ndarray
    corner_normals: np.ndarray
    vertex_normals: np.ndarray
    albedo: np.ndarray
    roughness: np.ndarray
    metallic: np.ndarray

    @property
    def mesh(self) -> Mesh:
        return self.vertices, self.faces


def join(objects: list[tuple[Shape, np.ndarray]]) -> Surface:
    """The surface of pairs of a shape and its world_from_object (4, 4)."""
    parts = [_surface(shape, pose) for shape, pose in objects]
    first_vertex = np.cumsum([0] + [len(part.vertices) for part in parts[:-1]])

    def stacked(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in parts])

    return Surface(
        vertices=stacked("vertices"),
        faces=np.concatenate([part.faces + first for part, first in zip(parts, first_vertex, strict=True)]),
        corner_normals=stacked("corner_normals"),
        vertex_normals=stacked("vertex_normals"),
        albedo=stacked("albedo"),
        roughness=stacked("roughness"),
        metallic=stacked("metallic"),
    )


def _surface(shape: Shape, pose: np.ndarray) -> Surface:
    vertices = (shape.vertices @ pose[:3, :3].T + pose[:3, 3]).astype(np.float32)
    corners = vertices[shape.faces]  # (f, 3, 3)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])  # length: twice the area
    rough, metal = (
        np.array([getattr(material, name) for material in shape.materials], np.float32)
        for name in ("roughness", "metallic")
    )
    coat = np.array([material.coat for material in shape.materials], np.float32)
    return Surface(
        vertices,
        shape.faces,
        _corner_normals(across, shape.faces, len(vertices)),
        _unit(_summed(across, shape.faces, len(vertices))),
        linear(shape.face_color / 255).astype(np.float32),
        (rough * (1 - 0.8 * coat))[shape.face_material],
        metal[shape.face_material],
    )


def _corner_normals(across: np.ndarray, faces: np.ndarray, count: int) -> np.ndarray:
    """(f, 3, 3) unit: the mean of those faces around the corner's vertex that lie flat enough against the corner's face."""
    corner, vertex, ones = np.arange(faces.size), faces.ravel(), np.ones(faces.size, np.float32)
    at_vertex = sparse.csr_matrix((ones, (corner, vertex)), (faces.size, count))
    has_vertex = sparse.csr_matrix((ones, (vertex, corner // 3)), (count, len(faces)))
    around = (at_vertex @ has_vertex).tocoo()  # (corners, faces)
    normals = _unit(across)
    flat = np.einsum("ni,ni->n", normals[around.row // 3], normals[around.col]) > np.cos(HARD_EDGE_RAD)
    smooth = sparse.csr_matrix((flat.astype(np.float32), (around.row, around.col)), around.shape)
    return _unit(smooth @ across).reshape(-1, 3, 3)


def _summed(values: np.ndarray, faces: np.ndarray, count: int) -> np.ndarray:
    """(count, 3): for each vertex the sum of the values (f, 3) of its faces."""
    return np.stack(
        [np.bincount(faces.ravel(), np.repeat(values[:, axis], 3), minlength=count) for axis in range(3)], axis=1
    ).astype(np.float32)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-20)
