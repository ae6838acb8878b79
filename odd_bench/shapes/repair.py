"""Closing the meshes of others: kept as they are where that is possible, else united, else meshed anew around the surface."""

from __future__ import annotations

import manifold3d
import numpy as np
from scipy import ndimage
from skimage.measure import marching_cubes

from odd_bench.anomalies.mesh import face_areas
from odd_bench.anomalies.solid import INTACT_ID, to_solid

WELD = 1e-6  # vertices closer than this are one, fraction of the largest side
REMESH_VOXELS = (80, 128)  # along the largest side
REMESH_FACES = 60_000  # aimed at between those
SKIN_VOXELS = 0.8  # how far outside the old surface the new one lies
QUERIES = 400_000  # distance queries at once


def close(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray, str]:
    """A closed mesh, outward, without overlaps: vertices (v, 3), faces (f, 3) and what it took.

    That is one of `kept`, `turned`, `filled`, `united` or `remeshed`. Vertices are in the canonical frame, largest side 1.
    """
    vertices, faces = weld(vertices, faces)
    for how, mend in (("kept", _as_is), ("turned", _turned), ("filled", _filled)):
        solid = _solid(*mend(vertices, faces))
        if solid is not None:
            united = _united(solid)
            mesh = united.to_mesh64()
            if united.num_tri() != solid.num_tri():
                how = "united"
            return mesh.vert_properties[:, :3], mesh.tri_verts.astype(np.int64), how
    return *remesh(vertices, faces), "remeshed"


def weld(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One vertex a place, and every face once and with three corners."""
    _, first, place = np.unique(np.round(vertices / WELD), axis=0, return_index=True, return_inverse=True)
    faces = place.reshape(-1)[faces]
    edges = faces - np.roll(faces, 1, axis=1)
    faces = faces[(edges != 0).all(axis=1)]
    once = np.unique(np.sort(faces, axis=1), axis=0, return_index=True)[1]
    return vertices[first], faces[np.sort(once)]


def _as_is(vertices, faces):
    return vertices, faces


def _turned(vertices, faces):
    """Neighbouring faces turned the same way, and every body outwards."""
    import trimesh

    mesh = trimesh.Trimesh(vertices, faces, process=False)
    trimesh.repair.fix_normals(mesh, multibody=True)
    return np.asarray(mesh.vertices), np.asarray(mesh.faces)


def _filled(vertices, faces):
    """Holes of three or four edges closed."""
    import trimesh

    mesh = trimesh.Trimesh(vertices, faces, process=False)
    trimesh.repair.fill_holes(mesh)
    return _turned(mesh.vertices, mesh.faces)


def _solid(vertices: np.ndarray, faces: np.ndarray) -> manifold3d.Manifold | None:
    """The mesh as a solid, None if it is open or inside out."""
    solid = to_solid(vertices, faces, INTACT_ID)
    closed = solid.status() == manifold3d.Error.NoError and solid.volume() > 0
    return solid if closed else None


def _united(solid: manifold3d.Manifold) -> manifold3d.Manifold:
    """Overlapping bodies fused; bodies turned inwards are cavities."""
    bodies = solid.decompose()
    full = [body for body in bodies if body.volume() > 0]
    if len(full) < 2:
        return solid
    hollows = [body for body in bodies if body.volume() < 0]
    united = manifold3d.Manifold.batch_boolean(full, manifold3d.OpType.Add)
    for hollow in hollows:
        united = united - _inside_out(hollow)
    return united


def _inside_out(solid: manifold3d.Manifold) -> manifold3d.Manifold:
    mesh = solid.to_mesh64()
    return to_solid(mesh.vert_properties, mesh.tri_verts[:, ::-1], INTACT_ID)


def remesh(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A closed surface just outside the old one, whatever that is: sheets become thin slabs, what they enclose becomes solid."""
    wanted = float(
        np.sqrt(3 * face_areas(vertices, faces).sum() / REMESH_FACES)
    )  # about 2 faces a voxel of the new surface
    voxel = float(np.ptp(vertices, axis=0).max()) / np.clip(1 / wanted, *REMESH_VOXELS)
    origin = vertices.min(axis=0) - 4 * voxel
    count = np.ceil((vertices.max(axis=0) + 4 * voxel - origin) / voxel).astype(int)
    distance = _distance(vertices, faces, origin, voxel, count)
    skin = SKIN_VOXELS * voxel
    regions, _ = ndimage.label(distance > skin)
    enclosed = (regions != regions[0, 0, 0]) & (regions > 0)
    field = np.where(enclosed, -distance, distance) - skin
    points, triangles, _, _ = marching_cubes(field, 0.0, gradient_direction="descent")
    return origin + (points.astype(np.float64) + 0.5) * voxel, triangles.astype(np.int64)


def _distance(vertices, faces, origin, voxel, count) -> np.ndarray:
    """(x, y, z) distance of every voxel centre from the surface."""
    import open3d

    scene = open3d.t.geometry.RaycastingScene()
    scene.add_triangles(np.ascontiguousarray(vertices, np.float32), np.ascontiguousarray(faces, np.uint32))
    centers = (origin + (np.indices(count).reshape(3, -1).T + 0.5) * voxel).astype(np.float32)
    parts = [
        scene.compute_distance(open3d.core.Tensor(centers[start : start + QUERIES])).numpy()
        for start in range(0, len(centers), QUERIES)
    ]
    return np.concatenate(parts).reshape(count).astype(np.float64)
