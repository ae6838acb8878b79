"""A shape as a manifold3d solid, and back, with the origin of every face."""

from __future__ import annotations

from dataclasses import dataclass, replace

import manifold3d
import numpy as np

from odd_bench.geometry.cells import components
from odd_bench.geometry.mesh import face_areas, face_volumes
from odd_bench.geometry.refusal import FELL_APART, OPEN_MESH, Refusal
from odd_bench.geometry.shape import Material, Shape

BROKEN_PART = "broken surface"
INTACT_ID = manifold3d.Manifold.reserve_ids(3)  # origin of the faces of an intact shape
CUTTER_ID = INTACT_ID + 1  # of what cuts it
PIECE_ID = INTACT_ID + 2  # of a piece of it that has moved


@dataclass(frozen=True)
class Cut:
    """A mesh that booleans made from a shape.

    vertices: (v, 3). faces: (f, 3). source: (f,) int face of the shape that it is or lies in, -1 for a face made by the cutter.
    """

    vertices: np.ndarray
    faces: np.ndarray
    source: np.ndarray


def to_solid(vertices: np.ndarray, faces: np.ndarray, origin_id: int) -> manifold3d.Manifold:
    """A solid whose faces remember their origin and index; empty if the mesh is not closed."""
    mesh = manifold3d.Mesh64(
        np.array(vertices, np.float64, order="C"),  # manifold3d wants writable arrays
        np.array(faces, np.uint64, order="C"),
        run_index=np.array([0, 3 * len(faces)], np.uint64),
        run_original_id=np.array([origin_id], np.uint32),
        face_id=np.arange(len(faces), dtype=np.uint64),
    )
    return manifold3d.Manifold(mesh)


def require_solid(shape: Shape) -> manifold3d.Manifold:
    """The shape as a solid. Raises Refusal if its mesh is open or inside out."""
    solid = to_solid(shape.vertices, shape.faces, INTACT_ID)
    if solid.status() != manifold3d.Error.NoError:
        raise Refusal(OPEN_MESH, f"{shape.name}: {solid.status().name}")
    if solid.volume() <= 0:
        raise Refusal(OPEN_MESH, f"{shape.name} is inside out: volume {solid.volume():.3g}")
    return solid


def cut_mesh(solid: manifold3d.Manifold) -> Cut:
    """The faces of a solid that is left of an intact one."""
    vertices, faces, origin_id, index = faces_by_origin(solid)
    return Cut(vertices, faces, np.where(origin_id == INTACT_ID, index, -1))


def join(rest: Cut, piece: Cut) -> tuple[Cut, np.ndarray]:
    """Fuse a moved piece to the rest; also (f,) bool which faces are the piece's. Raises Refusal if they do not overlap."""
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
    """Vertices, faces, and for every face the id of the mesh it comes from and its index there."""
    mesh = solid.to_mesh64()
    triangles = np.diff(np.asarray(mesh.run_index, np.int64)) // 3  # in every run of faces of one origin
    origin_id = np.repeat(np.asarray(mesh.run_original_id), triangles)
    return mesh.vert_properties[:, :3], mesh.tri_verts.astype(np.int64), origin_id, np.asarray(mesh.face_id, np.int64)


def volume(mesh: Cut | Shape) -> float:
    """Enclosed volume, canonical units."""
    return float(face_volumes(mesh.vertices, mesh.faces).sum())


def main_surface(cut: Cut) -> Cut:
    """The largest body of a cut solid, without the crumbs beside it and the bubbles that the cutter left inside."""
    body = components(cut.faces[:, [0, 1, 1, 2]].reshape(-1, 2), len(cut.vertices))[cut.faces[:, 0]]
    size = np.bincount(body, face_volumes(cut.vertices, cut.faces))
    old_hollow = (size < 0) & (np.bincount(body, cut.source >= 0) > 0)
    keep = (body == size.argmax()) | old_hollow[body]
    faces = cut.faces[keep]
    used = np.zeros(len(cut.vertices), bool)
    used[faces] = True
    return Cut(cut.vertices[used], (np.cumsum(used) - 1)[faces], cut.source[keep])


def lost_faces(shape: Shape, cut: Cut) -> np.ndarray:
    """(f,) bool faces of the shape of which less than half is left."""
    old = cut.source >= 0
    left = np.bincount(cut.source[old], face_areas(cut.vertices, cut.faces)[old], minlength=len(shape.faces))
    return left < 0.5 * shape.face_areas


def broken_shape(shape: Shape, cut: Cut, material: Material, color: np.ndarray) -> Shape:
    """The cut mesh with the attributes of the faces it comes from, the broken surface as a part and material of its own."""
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
