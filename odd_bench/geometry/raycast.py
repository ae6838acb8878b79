"""Rays and distances to meshes: the one place that hands meshes to Open3D (Embree). All in float32, as Embree computes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from odd_bench.geometry.open3d_core import open3d_core

Mesh = tuple[np.ndarray, np.ndarray]  # vertices (v, 3) and faces (f, 3)


def ray_scene(meshes: Iterable[Mesh]):
    """An open3d.t.geometry.RaycastingScene of the meshes; the id of a mesh is its place."""
    scene = open3d_core().t.geometry.RaycastingScene()
    for vertices, faces in meshes:
        scene.add_triangles(np.ascontiguousarray(vertices, np.float32), np.ascontiguousarray(faces, np.uint32))
    return scene


def tensor(values: np.ndarray):
    """What a RaycastingScene takes points (..., 3) and rays (..., 6) as."""
    return open3d_core().core.Tensor(np.ascontiguousarray(values, np.float32))


@dataclass(frozen=True)
class Hits:
    """First hits of rays (...). distance: in lengths of the direction, inf where nothing is hit. mesh: int32 place of the mesh,
    and face: its face, -1 for none. second_third: (..., 2) barycentric weights of the second and third corner.
    """

    distance: np.ndarray
    mesh: np.ndarray
    face: np.ndarray
    second_third: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        """(..., 3) barycentric weights of the corners of the face."""
        second, third = self.second_third[..., 0], self.second_third[..., 1]
        return np.stack([1 - (second + third), second, third], axis=-1)

    def only(self, rays: np.ndarray) -> Hits:
        """Those of some of the rays (n,), by their places."""
        return Hits(self.distance[rays], self.mesh[rays], self.face[rays], self.second_third[rays])


class Caster:
    """Casts rays at meshes."""

    def __init__(self, meshes: Iterable[Mesh]):
        self._scene = ray_scene(meshes)

    def cast(self, origins: np.ndarray, directions: np.ndarray) -> Hits:
        """Origins (..., 3) or (3,), directions (..., 3)."""
        found = self._scene.cast_rays(_rays(origins, directions))
        mesh, face = (
            found[name].numpy().view(np.int32) for name in ("geometry_ids", "primitive_ids")
        )  # none: 2**32 - 1
        return Hits(found["t_hit"].numpy(), mesh, face, found["primitive_uvs"].numpy())

    def blocked(self, origins: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """(...) bool: whether anything is hit at all."""
        return self._scene.test_occlusions(_rays(origins, directions)).numpy()

    def nearest(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n,) distance from the meshes and (n,) int nearest face, for (n, 3) points."""
        points = np.ascontiguousarray(points, np.float32)
        found = self._scene.compute_closest_points(tensor(points))
        return np.linalg.norm(found["points"].numpy() - points, axis=1), found["primitive_ids"].numpy().view(np.int32)


class Castable(Protocol):
    """What keeps a caster of its mesh, such as a Shape."""

    @property
    def caster(self) -> Caster: ...


def nearest(shape: Castable, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) distance from the surface of the shape and (n,) int nearest face, for (n, 3) points."""
    return shape.caster.nearest(points)


def _rays(origins: np.ndarray, directions: np.ndarray):
    rays = np.empty((*directions.shape[:-1], 6), np.float32)
    rays[..., :3], rays[..., 3:] = origins, directions
    return tensor(rays)
