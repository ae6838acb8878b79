"""Ray casting against the surface of a scene and its floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.draft.surface import Surface

CLEAR_M = 5e-4  # rays start this far above the surface they leave, so that they do not hit it


@dataclass(frozen=True)
class Hits:
    """distance: (n,) in lengths of the direction, inf where nothing is hit. face: (n,) of the surface, -1 for none.

    weights: (n, 3) of the corners of the face.
    """

    distance: np.ndarray
    face: np.ndarray
    weights: np.ndarray


class Caster:
    """Rays against a surface. The floor is not part of it."""

    def __init__(self, surface: Surface):
        import open3d as o3d

        self._tensor = o3d.core.Tensor
        self._scene = o3d.t.geometry.RaycastingScene()
        self._scene.add_triangles(
            self._tensor(np.ascontiguousarray(surface.vertices, np.float32)),
            self._tensor(np.ascontiguousarray(surface.faces, np.uint32)),
        )

    def cast(self, origins: np.ndarray, directions: np.ndarray) -> Hits:
        """First hits of rays (n, 3) and (n, 3)."""
        found = self._scene.cast_rays(self._rays(origins, directions))
        distance = found["t_hit"].numpy()
        second_third = found["primitive_uvs"].numpy()
        weights = np.concatenate([1 - second_third.sum(axis=1, keepdims=True), second_third], axis=1)
        face = np.where(np.isfinite(distance), found["primitive_ids"].numpy().astype(int), -1)
        return Hits(distance, face, weights)

    def blocked(self, origins: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """(n,) bool: whether anything is hit at all."""
        return self._scene.test_occlusions(self._rays(origins, directions)).numpy()

    def _rays(self, origins: np.ndarray, directions: np.ndarray):
        rays = np.empty((len(directions), 6), np.float32)
        rays[:, :3], rays[:, 3:] = origins, directions
        return self._tensor(rays)
