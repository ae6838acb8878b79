"""Ray casting and distances to meshes. Only this file hands meshes to Open3D (Embree), which computes in float32."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from odd_bench.geometry.open3d_core import open3d_core

Mesh = tuple[np.ndarray, np.ndarray]  # vertices (v, 3) and faces (f, 3)


def ray_scene(meshes: Iterable[Mesh]):
    """An open3d.t.geometry.RaycastingScene of the meshes. The id of a mesh is its index in `meshes`."""
    scene = open3d_core().t.geometry.RaycastingScene()
    for vertices, faces in meshes:
        scene.add_triangles(np.ascontiguousarray(vertices, np.float32), np.ascontiguousarray(faces, np.uint32))
    return scene


def tensor(values: np.ndarray):
    """Convert points (..., 3) or rays (..., 6) to the type that a RaycastingScene accepts."""
    return open3d_core().core.Tensor(np.ascontiguousarray(values, np.float32))


@dataclass(frozen=True)
class Hits:
    """First hits of rays, all of shape (...).

    distance: in units of the direction's length, inf if the ray hits nothing. mesh: int32 index of the mesh, -1 for none.
    face: int32 index of its face, -1 for none. second_third: (..., 2) barycentric weights of the second and third corner.
    """

    distance: np.ndarray
    mesh: np.ndarray
    face: np.ndarray
    second_third: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        """Barycentric weights (..., 3) of the three corners of the face."""
        second, third = self.second_third[..., 0], self.second_third[..., 1]
        return np.stack([1 - (second + third), second, third], axis=-1)

    def only(self, rays: np.ndarray) -> Hits:
        """The hits of the rays with these indices (n,)."""
        return Hits(self.distance[rays], self.mesh[rays], self.face[rays], self.second_third[rays])


class Caster:
    """Casts rays at meshes."""

    def __init__(self, meshes: Iterable[Mesh]):
        self._scene = ray_scene(meshes)

    def cast(self, origins: np.ndarray, directions: np.ndarray) -> Hits:
        """The first hits of rays. origins: (..., 3) or (3,). directions: (..., 3), of any length."""
        found = self._scene.cast_rays(_rays(origins, directions))
        # The uint32 id of no mesh, 2**32 - 1, is -1 as int32.
        mesh, face = (found[name].numpy().view(np.int32) for name in ("geometry_ids", "primitive_ids"))
        return Hits(found["t_hit"].numpy(), mesh, face, found["primitive_uvs"].numpy())

    def blocked(self, origins: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Whether each ray hits anything, (...) bool."""
        return self._scene.test_occlusions(_rays(origins, directions)).numpy()

    def nearest(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For points (n, 3), the distance (n,) to the meshes and the index (n,) int of the nearest face."""
        points = np.ascontiguousarray(points, np.float32)
        found = self._scene.compute_closest_points(tensor(points))
        return np.linalg.norm(found["points"].numpy() - points, axis=1), found["primitive_ids"].numpy().view(np.int32)


class Castable(Protocol):
    """Anything that has a caster of its mesh, such as a Shape."""

    @property
    def caster(self) -> Caster: ...


def nearest(shape: Castable, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For points (n, 3), the distance (n,) to the shape's surface and the index (n,) int of the nearest face."""
    return shape.caster.nearest(points)


def _rays(origins: np.ndarray, directions: np.ndarray):
    rays = np.empty((*directions.shape[:-1], 6), np.float32)
    rays[..., :3], rays[..., 3:] = origins, directions
    return tensor(rays)
