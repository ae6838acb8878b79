"""Turns one mesh file of unknown origin into a model: closed, painted and divided into parts."""

from __future__ import annotations

import manifold3d
import numpy as np

from odd_bench.geometry.mesh import face_areas
from odd_bench.geometry.raycast import ray_scene, tensor
from odd_bench.geometry.refine import refine
from odd_bench.geometry.refusal import Refusal
from odd_bench.geometry.shape import Shape
from odd_bench.shapes.assembly import Assembly, fuse
from odd_bench.shapes.mesh_file import RawMesh, ShapeRefused
from odd_bench.shapes.repair import close
from odd_bench.shapes.segmentation import segment

FACES = 50_000  # number of faces that a coarser mesh is divided into, about
FINEST_EDGE = 0.012  # shorter edges are not divided, fraction of the largest side
MOST_FACES = 70_000  # a mesh with more is simplified
MOST_DIVIDED = 130_000  # if dividing gives more faces, longer edges are left
WIDENINGS = 5  # how many times longer edges are allowed
SIMPLIFY = 1e-3  # how far simplification may move the surface, fraction of the largest side
FACE_SHAPE = 5.5  # typical ratio of a face's squared longest edge to its area, after division
LEAST_SIDE = 0.01  # flatter meshes are refused, fraction of the largest side
LEAST_VOLUME = 2e-4  # least volume, as a fraction of a cube of the largest side
MOST_BODY_PARTS = 12  # all further bodies share one label
DETAILS = "details"


def model_of_mesh(raw: RawMesh, category: str, name: str) -> tuple[Assembly, str]:
    """The model of a mesh from a file, and how the mesh was closed (see repair.close).

    Raises ShapeRefused for a mesh that is flat, has no volume or cannot be divided finely enough.
    """
    if np.ptp(raw.vertices, axis=0).min() < LEAST_SIDE:
        raise ShapeRefused("flat", f"sides {np.round(np.ptp(raw.vertices, axis=0), 3).tolist()}")
    closed, how = close(raw.vertices, raw.faces)
    volume = sum(body.volume() for body in closed)
    if volume < LEAST_VOLUME:
        raise ShapeRefused("no volume", f"{volume:.1e} of its cube")
    bodies = [_painted(body, raw, category, name) for body in _simplified(closed)]
    bodies = _labelled(bodies) if len(bodies) > 1 else bodies
    intact = fuse(bodies)
    if len(bodies) == 1 and len(np.unique(intact.face_part)) == 1:
        bodies, intact = _segmented(intact)
    return Assembly(name, category, intact, tuple(bodies)), how


def _simplified(bodies: list[manifold3d.Manifold]) -> list[manifold3d.Manifold]:
    """The bodies, with fewer faces if they have too many."""
    if sum(body.num_tri() for body in bodies) <= MOST_FACES:
        return bodies
    return [body.simplify(SIMPLIFY) for body in bodies]


def _painted(body: manifold3d.Manifold, raw: RawMesh, category: str, name: str) -> Shape:
    """A body with the colours, materials and slots of the nearest points on the file's mesh."""
    mesh = body.to_mesh64()
    vertices, faces = mesh.vert_properties[:, :3], mesh.tri_verts.astype(np.int64)
    blank = np.zeros(len(faces), np.int32)
    paint = np.zeros((len(faces), 3), np.uint8)
    shape = Shape(name, category, vertices, faces, blank, blank, paint, raw.slot_names, raw.materials)
    shape = _divided(
        shape, max(FINEST_EDGE, float(np.sqrt(FACE_SHAPE * face_areas(raw.vertices, raw.faces).sum() / FACES)))
    )
    face, weights = _nearest(raw, shape.vertices[shape.faces].mean(axis=1))
    slot = raw.face_slot[face].astype(np.int32)
    return Shape(
        name,
        category,
        shape.vertices,
        shape.faces,
        slot,
        slot.copy(),
        raw.colors(face, weights),
        raw.slot_names,
        raw.materials,
    )


def _divided(shape: Shape, edge: float) -> Shape:
    """The shape with longer edges halved to about `edge`, or to more if slivers would give too many faces.

    Raises ShapeRefused if there are still too many after WIDENINGS.
    """
    for _ in range(WIDENINGS):
        try:
            fine = refine(shape, lambda points: np.zeros(len(points)), edge)
        except Refusal:
            fine = None
        if fine is not None and len(fine.faces) <= max(MOST_DIVIDED, len(shape.faces)):
            return fine
        edge *= 1.5
    raise ShapeRefused("too fine a mesh", f"more than {MOST_DIVIDED} faces even with edges of {edge:.2f}")


def _nearest(raw: RawMesh, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) nearest face of the file's mesh, and (n, 3) barycentric coordinates of the nearest point in it."""
    found = ray_scene([(raw.vertices, raw.faces)]).compute_closest_points(tensor(points))
    uv = found["primitive_uvs"].numpy().astype(float)
    weights = np.column_stack([1 - uv.sum(axis=1), uv]).clip(0, 1)
    return found["primitive_ids"].numpy().astype(np.int64), weights / weights.sum(axis=1, keepdims=True)


def _labelled(bodies: list[Shape]) -> list[Shape]:
    """The bodies, each labelled as a part named after the slot of most of its faces; the smallest ones share `details`."""
    count = min(len(bodies), MOST_BODY_PARTS)
    slots = [int(np.bincount(body.face_part).argmax()) for body in bodies]
    names = []
    for number in range(count):
        name = bodies[number].part_names[slots[number]]
        same = sum(slots[other] == slots[number] for other in range(number))
        names.append(f"{name} {same + 1}" if slots.count(slots[number]) > 1 else name)
    if len(bodies) > count:
        names.append(DETAILS)
    return [
        _relabelled(body, np.full(len(body.faces), min(number, len(names) - 1), np.int32), tuple(names))
        for number, body in enumerate(bodies)
    ]


def _relabelled(shape: Shape, face_part: np.ndarray, part_names: tuple[str, ...]) -> Shape:
    return Shape(
        shape.name,
        shape.category,
        shape.vertices,
        shape.faces,
        face_part,
        shape.face_material,
        shape.face_color,
        part_names,
        shape.materials,
    )


def _segmented(intact: Shape) -> tuple[list[Shape], Shape]:
    """A body of one slot, cut at its narrow places; and the uncut body with the labels of the pieces."""
    part = int(intact.face_part[0])
    alone = _relabelled(intact, np.zeros(len(intact.faces), np.int32), (intact.part_names[part],))
    try:
        bodies = segment(alone, np.random.default_rng(0))
    except Refusal:
        return [alone], alone
    return bodies, _relabelled(alone, _labels_of_nearest(alone, bodies), bodies[0].part_names)


def _labels_of_nearest(shape: Shape, bodies: list[Shape]) -> np.ndarray:
    """(f,) int: for every face of the shape the part of the nearest face of any body."""
    from scipy.spatial import cKDTree

    centers = np.concatenate([body.vertices[body.faces].mean(axis=1) for body in bodies])
    labels = np.concatenate([body.face_part for body in bodies])
    return labels[cKDTree(centers).query(shape.vertices[shape.faces].mean(axis=1))[1]]
