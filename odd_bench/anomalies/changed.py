"""The difference between an odd shape and the intact one: changed faces, lost faces, and the distance between the surfaces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.color import lab
from odd_bench.geometry.raycast import nearest
from odd_bench.geometry.shape import Material, Shape

COLOR_TOLERANCE = 8.0  # CIELAB; smaller differences come from meshing a painted pattern anew


@dataclass(frozen=True)
class Difference:
    """The difference between an odd shape and the intact one.

    changed_faces: (f_odd,) bool. lost_faces: (f_intact,) bool. distance: the largest distance from a vertex of either shape to
    the surface of the other, canonical units.
    """

    changed_faces: np.ndarray
    lost_faces: np.ndarray
    distance: float


def difference(intact: Shape, odd: Shape, tolerance: float) -> Difference:
    """Compare two shapes in the same canonical frame; identical shapes have no changed and no lost faces.

    A face is changed if its centre or a corner lies further than `tolerance` (canonical units) from the intact surface, or if
    the nearest intact face has another material or its colour differs by more than COLOR_TOLERANCE. A face of the intact shape is
    lost if it would count as changed when compared with the odd shape.
    """
    if np.array_equal(intact.faces, odd.faces) and np.array_equal(intact.vertices, odd.vertices):
        repainted = _differs_in_paint(odd, np.arange(len(odd.faces)), intact, np.arange(len(odd.faces)))
        return Difference(repainted, repainted.copy(), 0.0)
    materials = list(dict.fromkeys((*odd.materials, *intact.materials)))
    keys, intact_keys = _keys(odd, materials), _keys(intact, materials)
    changed, there = _departing(odd, intact, ~np.isin(keys, intact_keys), tolerance)
    lost, back = _departing(intact, odd, ~np.isin(intact_keys, keys), tolerance)
    return Difference(changed, lost, max(there, back))


def _departing(shape: Shape, other: Shape, is_fresh: np.ndarray, tolerance: float) -> tuple[np.ndarray, float]:
    """(f,) bool, the faces of `shape` that do not lie on `other`, and the largest distance of its vertices from `other`.

    is_fresh: (f,) bool, the faces for which `other` has no face of identical corners and paint.
    """
    fresh, is_corner = np.flatnonzero(is_fresh), np.zeros(len(shape.vertices), bool)
    is_corner[shape.faces[fresh]] = True
    corners = np.flatnonzero(is_corner)
    from_other = np.zeros(len(shape.vertices))
    from_other[corners] = nearest(other, shape.vertices[corners])[0]
    departing = np.zeros(len(shape.faces), bool)
    departing[fresh] = (from_other[shape.faces[fresh]] > tolerance).any(axis=1)
    close = fresh[~departing[fresh]]
    distance, face = nearest(other, shape.vertices[shape.faces[close]].mean(axis=1))
    departing[close] = (distance > tolerance) | _differs_in_paint(shape, close, other, face)
    return departing, float(from_other.max())


def _keys(shape: Shape, materials: list[Material]) -> np.ndarray:
    """(f,) uint64, equal for faces of equal corners, colour and material (by its index in `materials`)."""
    place = np.array([materials.index(material) for material in shape.materials], np.uint64)
    corners = np.ascontiguousarray(shape.vertices[shape.faces].reshape(-1, 9), np.float64).view(np.uint64)
    keys = np.zeros(len(shape.faces), np.uint64)
    for column in (*corners.T, place[shape.face_material], *shape.face_color.T.astype(np.uint64)):
        keys = (keys ^ column) * np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(29)
    return keys


def _differs_in_paint(shape: Shape, face: np.ndarray, other: Shape, other_face: np.ndarray) -> np.ndarray:
    """(n,) bool: whether the faces of each pair differ in material, or in colour by more than COLOR_TOLERANCE.

    face, other_face: (n,) int, the faces of `shape` and `other` that form the pairs.
    """
    known = list(dict.fromkeys((*shape.materials, *other.materials)))
    own = np.array([known.index(material) for material in shape.materials])[shape.face_material[face]]
    theirs = np.array([known.index(material) for material in other.materials])[other.face_material[other_face]]
    differs = own != theirs
    color, other_color = shape.face_color[face], other.face_color[other_face]
    unequal = np.flatnonzero((color != other_color).any(axis=1))
    differs[unequal] |= np.linalg.norm(lab(color[unequal]) - lab(other_color[unequal]), axis=1) > COLOR_TOLERANCE
    return differs
