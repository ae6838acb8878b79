"""Closes foreign meshes: keeps them as they are if possible, else reorients or fills them, else meshes them again."""

from __future__ import annotations

import manifold3d
import numpy as np
from scipy import ndimage
from skimage.measure import marching_cubes

from odd_bench.geometry.mesh import face_areas
from odd_bench.geometry.raycast import ray_scene, tensor
from odd_bench.geometry.solid import INTACT_ID, to_solid

WELD = 1e-6  # vertices closer than this are merged, fraction of the largest side
REMESH_VOXELS = (80, 128)  # least and largest number of voxels along the largest side
REMESH_FACES = 60_000  # number of faces aimed at within those bounds
SKIN_VOXELS = 0.8  # distance of the new surface outside the old one, in voxels
CLOSING = 0.04  # holes up to twice this wide are closed if they lead into a wider room, fraction of the largest side
QUERIES = 400_000  # distance queries per batch


def close(vertices: np.ndarray, faces: np.ndarray) -> tuple[list[manifold3d.Manifold], str]:
    """The closed bodies of a mesh, largest first, and how it was closed: `kept`, `turned`, `filled` or `remeshed`.

    vertices: (v, 3) float, canonical frame, largest side 1. faces: (f, 3) int. Bodies may overlap; a body includes its cavities.
    """
    vertices, faces = weld(vertices, faces)
    for how, mend in (("kept", _as_is), ("turned", _turned), ("filled", _filled)):
        solid = to_solid(*mend(vertices, faces), INTACT_ID)
        if _is_full(solid):
            return _bodies(solid), how
    return _bodies(to_solid(*remesh(vertices, faces), INTACT_ID)), "remeshed"


def weld(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mesh with vertices at the same place merged, and without repeated or degenerate faces."""
    _, first, place = np.unique(np.round(vertices / WELD), axis=0, return_index=True, return_inverse=True)
    faces = place.reshape(-1)[faces]
    edges = faces - np.roll(faces, 1, axis=1)
    faces = faces[(edges != 0).all(axis=1)]
    once = np.unique(np.sort(faces, axis=1), axis=0, return_index=True)[1]
    return vertices[first], faces[np.sort(once)]


def _as_is(vertices, faces):
    return vertices, faces


def _turned(vertices, faces):
    """The mesh with neighbouring faces oriented consistently, and every body outwards."""
    import trimesh

    mesh = trimesh.Trimesh(vertices, faces, process=False)
    trimesh.repair.fix_normals(mesh, multibody=True)
    return np.asarray(mesh.vertices), np.asarray(mesh.faces)


def _filled(vertices, faces):
    """The mesh with holes of three or four edges filled, then oriented as by _turned."""
    import trimesh

    mesh = trimesh.Trimesh(vertices, faces, process=False)
    trimesh.repair.fill_holes(mesh)
    return _turned(mesh.vertices, mesh.faces)


def _is_full(solid: manifold3d.Manifold) -> bool:
    """Whether the mesh is a valid solid and not inside out."""
    return solid.status() == manifold3d.Error.NoError and solid.volume() > 0


def _bodies(solid: manifold3d.Manifold) -> list[manifold3d.Manifold]:
    """The connected bodies, largest first. A solid with cavities, which appear as bodies of negative volume, stays whole."""
    bodies = solid.decompose()
    if min(body.volume() for body in bodies) < 0:
        return [solid]
    return sorted(bodies, key=lambda body: -body.volume())


def remesh(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A closed surface just outside any old one: sheets become thin slabs, and enclosed space becomes solid."""
    wanted = float(
        np.sqrt(3 * face_areas(vertices, faces).sum() / REMESH_FACES)
    )  # about 2 faces per voxel of the new surface
    voxel = float(np.ptp(vertices, axis=0).max()) / np.clip(1 / wanted, *REMESH_VOXELS)
    margin = CLOSING + 2 * voxel
    origin = vertices.min(axis=0) - margin
    count = np.ceil((vertices.max(axis=0) + margin - origin) / voxel).astype(int)
    distance = _distance(vertices, faces, origin, voxel, count)
    skin = SKIN_VOXELS * voxel
    inside = _enclosed(distance, skin)
    core = _enclosed(distance, CLOSING)  # the space that is still enclosed by a thicker skin, which closes holes
    field = np.where(inside, -distance, distance) - skin
    if core.any():
        field = np.minimum(field, ndimage.distance_transform_edt(~core) * voxel - CLOSING)
    points, triangles, _, _ = marching_cubes(field, 0.0, gradient_direction="descent")
    return origin + (points.astype(np.float64) + 0.5) * voxel, triangles.astype(np.int64)


def _enclosed(distance: np.ndarray, skin: float) -> np.ndarray:
    """(x, y, z) bool: the voxels further than `skin` from the surface that cannot be reached from outside."""
    regions, _ = ndimage.label(distance > skin)
    return (regions > 0) & (regions != regions[0, 0, 0])


def _distance(vertices, faces, origin, voxel, count) -> np.ndarray:
    """(x, y, z) unsigned distance of every voxel centre to the surface."""
    scene = ray_scene([(vertices, faces)])
    centers = (origin + (np.indices(count).reshape(3, -1).T + 0.5) * voxel).astype(np.float32)
    parts = [
        scene.compute_distance(tensor(centers[start : start + QUERIES])).numpy()
        for start in range(0, len(centers), QUERIES)
    ]
    return np.concatenate(parts).reshape(count).astype(np.float64)
