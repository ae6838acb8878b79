"""Conversion of shapes to manifold3d solids and back. The origin of every face is known after boolean operations."""

from __future__ import annotations

from dataclasses import dataclass, replace

import manifold3d
import numpy as np

from odd_bench.geometry.cells import components
from odd_bench.geometry.mesh import face_areas, face_volumes
from odd_bench.geometry.refusal import FELL_APART, OPEN_MESH, Refusal
from odd_bench.geometry.shape import Material, Shape

BROKEN_PART = "broken surface"
INTACT_ID = manifold3d.Manifold.reserve_ids(3)  # origin of faces of the intact shape
CUTTER_ID = INTACT_ID + 1  # origin of faces of the cutter
PIECE_ID = INTACT_ID + 2  # origin of faces of a piece that has moved


@dataclass(frozen=True)
class Cut:
    """The mesh that results from boolean operations on a shape.

    vertices: (v, 3). faces: (f, 3). source: (f,) int, the face of the shape that contains each face, -1 for a face that the
    cutter made.
    """

    vertices: np.ndarray
    faces: np.ndarray
    source: np.ndarray


def to_solid(vertices: np.ndarray, faces: np.ndarray, origin_id: int) -> manifold3d.Manifold:
    """Convert a mesh to a solid whose faces keep their origin and index. The solid is empty if the mesh is not closed."""
    mesh = manifold3d.Mesh64(
        np.array(vertices, np.float64, order="C"),  # manifold3d wants writable arrays
        np.array(faces, np.uint64, order="C"),
        run_index=np.array([0, 3 * len(faces)], np.uint64),
        run_original_id=np.array([origin_id], np.uint32),
        face_id=np.arange(len(faces), dtype=np.uint64),
    )
    return manifold3d.Manifold(mesh)


def require_solid(shape: Shape) -> manifold3d.Manifold:
    """Convert a shape to a solid. Raises Refusal if its mesh is open or inside out."""
    solid = to_solid(shape.vertices, shape.faces, INTACT_ID)
    if solid.status() != manifold3d.Error.NoError:
        raise Refusal(OPEN_MESH, f"{shape.name}: {solid.status().name}")
    if solid.volume() <= 0:
        raise Refusal(OPEN_MESH, f"{shape.name} is inside out: volume {solid.volume():.3g}")
    return solid


def cut_mesh(solid: manifold3d.Manifold) -> Cut:
    """The mesh of a solid that was cut from an intact one."""
    vertices, faces, origin_id, index = faces_by_origin(solid)
    return Cut(vertices, faces, np.where(origin_id == INTACT_ID, index, -1))


def join(rest: Cut, piece: Cut) -> tuple[Cut, np.ndarray]:
    """Fuse a moved piece with the rest. Raises Refusal if the two do not overlap.

    Returns the fused mesh and (f,) bool, whether each of its faces belongs to the piece.
    """
    whole = to_solid(rest.vertices, rest.faces, INTACT_ID) + to_solid(piece.vertices, piece.faces, PIECE_ID)
    vertices, faces, origin_id, index = faces_by_origin(whole)
    is_moved = origin_id == PIECE_ID
    numbered = Cut(vertices, faces, np.where(is_moved, index + len(rest.faces), index))
    fused = main_surface(numbered)
    if volume(fused) < 0.99 * volume(numbered):
        raise Refusal(FELL_APART, "the piece does not touch the rest")
    source = np.concatenate([rest.source, piece.source])[fused.source]
    return Cut(fused.vertices, fused.faces, source), fused.source >= len(rest.faces)


def faces_by_origin(solid: manifold3d.Manifold) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Vertices (v, 3), faces (f, 3), the id (f,) of the mesh from which each face comes, and its index (f,) in that mesh."""
    mesh = solid.to_mesh64()
    triangles = np.diff(np.asarray(mesh.run_index, np.int64)) // 3  # number of faces in each run of one origin
    origin_id = np.repeat(np.asarray(mesh.run_original_id), triangles)
    return mesh.vert_properties[:, :3], mesh.tri_verts.astype(np.int64), origin_id, np.asarray(mesh.face_id, np.int64)


def volume(mesh: Cut | Shape) -> float:
    """The enclosed volume, in canonical units."""
    return float(face_volumes(mesh.vertices, mesh.faces).sum())


def main_surface(cut: Cut) -> Cut:
    """The largest body of a cut solid, without small separate bodies and without cavities that the cutter left inside."""
    body = components(cut.faces[:, [0, 1, 1, 2]].reshape(-1, 2), len(cut.vertices))[cut.faces[:, 0]]
    size = np.bincount(body, face_volumes(cut.vertices, cut.faces))
    old_hollow = (size < 0) & (np.bincount(body, cut.source >= 0) > 0)
    keep = (body == size.argmax()) | old_hollow[body]
    faces = cut.faces[keep]
    used = np.zeros(len(cut.vertices), bool)
    used[faces] = True
    return Cut(cut.vertices[used], (np.cumsum(used) - 1)[faces], cut.source[keep])


def lost_faces(shape: Shape, cut: Cut) -> np.ndarray:
    """The faces (f,) bool of the shape of whose area less than half is left."""
    old = cut.source >= 0
    left = np.bincount(cut.source[old], face_areas(cut.vertices, cut.faces)[old], minlength=len(shape.faces))
    return left < 0.5 * shape.face_areas


def broken_shape(shape: Shape, cut: Cut, material: Material, color: np.ndarray) -> Shape:
    """A shape from the cut mesh. Old faces keep their attributes; new faces form a part `BROKEN_PART` of the given material."""
    new = cut.source < 0

    def inherit(values: np.ndarray, fresh) -> np.ndarray:
        inherited = values[np.maximum(cut.source, 0)]
        inherited[new] = fresh
        return inherited

    return replace(
        shape,
        vertices=cut.vertices,
        faces=cut.faces,
        face_part=inherit(shape.face_part, len(shape.part_names)),
        face_material=inherit(shape.face_material, len(shape.materials)),
        face_color=inherit(shape.face_color, color),
        part_names=(*shape.part_names, BROKEN_PART),
        materials=(*shape.materials, material),
    )
