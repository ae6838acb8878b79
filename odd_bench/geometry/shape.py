"""A shape: one closed triangle mesh in its canonical frame, whose faces have colours, materials and part labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from odd_bench.geometry.hull import hull_points
from odd_bench.geometry.mesh import count_bodies, face_areas, is_closed
from odd_bench.geometry.normals import Normals, shading_normals
from odd_bench.geometry.raycast import Caster


@dataclass(frozen=True)
class Material:
    """How a surface reflects light, apart from its colour, which is stored per face.

    All values lie in [0, 1] and mean what they mean in Blender's Principled BSDF. coat: weight of a clear coat, such as glaze
    or varnish. bump: depth of the fine surface relief, 0 = smooth.
    """

    name: str
    roughness: float = 0.5
    metallic: float = 0.0
    coat: float = 0.0
    transmission: float = 0.0
    bump: float = 0.0


ARRAYS = ("vertices", "faces", "face_part", "face_material", "face_color")  # the fields that files store as arrays


@dataclass(frozen=True)
class Shape:
    """A triangle mesh in its canonical frame: z up, bounding box centred on the origin, largest side 1.

    A variant made from a shape keeps the frame of the intact shape, so its own bounding box may differ.

    name: unique, for example `banana-0003`. vertices: (v, 3) float. faces: (f, 3) int, counter-clockwise from outside.
    face_part: (f,) int index into part_names. face_material: (f,) int index into materials. face_color: (f, 3) uint8 sRGB.
    """

    name: str
    category: str
    vertices: np.ndarray
    faces: np.ndarray
    face_part: np.ndarray
    face_material: np.ndarray
    face_color: np.ndarray
    part_names: tuple[str, ...]
    materials: tuple[Material, ...]

    @cached_property
    def outline(self) -> np.ndarray:
        """Corners (k, 3) of the convex hull: no vertex reaches farther in any direction, or in any picture."""
        return hull_points(self.vertices)

    @cached_property
    def face_areas(self) -> np.ndarray:
        """Areas (f,) of the faces, canonical units."""
        return face_areas(self.vertices, self.faces)

    @cached_property
    def is_closed(self) -> bool:
        """Whether the faces traverse every edge as often in one direction as in the other."""
        return is_closed(self.faces)

    @cached_property
    def bodies(self) -> int:
        """Number of connected surfaces that enclose material."""
        return count_bodies(self.vertices, self.faces)

    @cached_property
    def caster(self) -> Caster:
        """A caster of rays at the mesh, in the canonical frame."""
        return Caster([(self.vertices, self.faces)])

    @cached_property
    def normals(self) -> Normals:
        """The normals with which the draft renderer shades the mesh."""
        return shading_normals(self.vertices, self.faces)


@dataclass(frozen=True)
class PartEdit:
    """A change to one named part of a model, in the canonical frame.

    part: name of the part. motion: (4, 4) rigid motion applied to the part, or None. remove: whether to leave the part out.
    material, color: new material and new sRGB colour in [0, 1] of the part, or None.
    """

    part: str
    motion: np.ndarray | None = None
    remove: bool = False
    material: Material | None = None
    color: tuple[float, float, float] | None = None


class Model(Protocol):
    """A shape that can be rebuilt with some of its parts changed. The vertices of all other parts stay the same."""

    name: str
    category: str
    part_names: tuple[str, ...]
    movable_parts: tuple[str, ...]  # may be moved, turned or left out without turning the object into another one

    def shape(self, edits: Sequence[PartEdit] = ()) -> Shape:
        """Mesh the model with the given edits, in the canonical frame of the intact model."""
        ...
