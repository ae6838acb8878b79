"""What differs between an odd shape and the intact one: changed faces of the one, lost faces of the other, and how far apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from odd_bench.color import lab
from odd_bench.geometry.raycast import nearest
from odd_bench.geometry.shape import Material, Shape

COLOR_TOLERANCE = 8.0  # CIELAB; smaller differences come from meshing a painted pattern anew


@dataclass(frozen=True)
class Difference:
    """changed_faces: (f_odd,) bool. lost_faces: (f_intact,) bool. distance: the largest from a vertex of one to the surface of
    the other, canonical units.
    """

    changed_faces: np.ndarray
    lost_faces: np.ndarray
    distance: float


def difference(intact: Shape, odd: Shape, tolerance: float) -> Difference:
    """Compare two shapes of one canonical frame; identical ones have no changed and no lost face.

    A face is changed if its centre or a corner lies further than `tolerance` (canonical units) from the intact surface, or if
    the nearest face there has another material or a colour further away than COLOR_TOLERANCE. Lost is the same the other
    way round.
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
    """(f,) bool, faces of `shape` that are not on `other`, and the largest distance of its vertices from `other`.

    is_fresh: (f,) bool, faces whose corners and paint are not bit for bit those of a face of `other`.
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
    """(f,) uint64, equal for faces of equal corners, material (by its place in the list) and colour."""
    place = np.array([materials.index(material) for material in shape.materials], np.uint64)
    corners = np.ascontiguousarray(shape.vertices[shape.faces].reshape(-1, 9), np.float64).view(np.uint64)
    keys = np.zeros(len(shape.faces), np.uint64)
    for column in (*corners.T, place[shape.face_material], *shape.face_color.T.astype(np.uint64)):
        keys = (keys ^ column) * np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(29)
    return keys


def _differs_in_paint(shape: Shape, face: np.ndarray, other: Shape, other_face: np.ndarray) -> np.ndarray:
    """(n,) bool: whether faces of two shapes, given pair by pair, differ in material or clearly in colour."""
    known = list(dict.fromkeys((*shape.materials, *other.materials)))
    own = np.array([known.index(material) for material in shape.materials])[shape.face_material[face]]
    theirs = np.array([known.index(material) for material in other.materials])[other.face_material[other_face]]
    differs = own != theirs
    color, other_color = shape.face_color[face], other.face_color[other_face]
    unequal = np.flatnonzero((color != other_color).any(axis=1))
    differs[unequal] |= np.linalg.norm(lab(color[unequal]) - lab(other_color[unequal]), axis=1) > COLOR_TOLERANCE
    return differs
