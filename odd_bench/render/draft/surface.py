"""All instances of a scene as one triangle mesh, with the attributes that shading needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.color import linear
from odd_bench.geometry.motion import transformed
from odd_bench.geometry.raycast import Mesh
from odd_bench.geometry.shape import Shape

_LINEAR = linear(np.arange(256) / 255).astype(np.float32)
CLEAR_M = 5e-4  # rays start this far above their surface, so that they do not hit it


@dataclass(frozen=True)
class Surface:
    """The triangle mesh of a scene. All arrays are float32, except faces and first_face.

    vertices: (v, 3) metres, world. own: (v, 3), the vertices in the canonical frames of their objects. faces: (f, 3) int.
    corner_normals: (f, 3, 3) unit. vertex_normals: (v, 3) unit. albedo: (f, 3) linear. roughness, metallic: (f,) in [0, 1].
    first_face: (objects,) int, index of each object's first face.
    """

    vertices: np.ndarray
    own: np.ndarray
    faces: np.ndarray
    corner_normals: np.ndarray
    vertex_normals: np.ndarray
    albedo: np.ndarray
    roughness: np.ndarray
    metallic: np.ndarray
    first_face: np.ndarray

    @property
    def mesh(self) -> Mesh:
        return self.vertices, self.faces


def join(objects: list[tuple[Shape, np.ndarray]]) -> Surface:
    """Join pairs of a shape and its world_from_object (4, 4), which may rotate, translate and scale uniformly."""
    skins = {id(shape): shape for shape, _ in objects}
    skins = {key: _skin(shape) for key, shape in skins.items()}
    parts = [(skins[id(shape)], pose) for shape, pose in objects]
    first_vertex = np.cumsum([0] + [len(skin.vertices) for skin, _ in parts[:-1]])

    def stacked(name: str) -> np.ndarray:
        return np.concatenate([getattr(skin, name) for skin, _ in parts])

    def turned(name: str) -> np.ndarray:
        scales = (np.cbrt(np.linalg.det(pose[:3, :3])) for _, pose in parts)
        return np.concatenate(
            [
                getattr(skin, name) @ (pose[:3, :3] / scale).T.astype(np.float32)
                for (skin, pose), scale in zip(parts, scales, strict=True)
            ]
        )

    return Surface(
        vertices=np.concatenate([transformed(skin.vertices, pose).astype(np.float32) for skin, pose in parts]),
        own=stacked("vertices").astype(np.float32),
        faces=np.concatenate([skin.faces + first for (skin, _), first in zip(parts, first_vertex, strict=True)]),
        corner_normals=turned("corner_normals"),
        vertex_normals=turned("vertex_normals"),
        albedo=stacked("albedo"),
        roughness=stacked("roughness"),
        metallic=stacked("metallic"),
        first_face=np.cumsum([0] + [len(skin.faces) for skin, _ in parts[:-1]]),
    )


@dataclass(frozen=True)
class _Skin:
    """The attributes of one shape in its canonical frame, see Surface."""

    vertices: np.ndarray
    faces: np.ndarray
    corner_normals: np.ndarray
    vertex_normals: np.ndarray
    albedo: np.ndarray
    roughness: np.ndarray
    metallic: np.ndarray


def _skin(shape: Shape) -> _Skin:
    rough, metal, coat = (
        np.array([getattr(material, name) for material in shape.materials], np.float32)
        for name in ("roughness", "metallic", "coat")
    )
    return _Skin(
        vertices=shape.vertices,
        faces=shape.faces,
        corner_normals=shape.normals.corner,
        vertex_normals=shape.normals.vertex,
        albedo=_LINEAR[shape.face_color],
        roughness=(rough * (1 - 0.8 * coat))[shape.face_material],
        metallic=metal[shape.face_material],
    )
