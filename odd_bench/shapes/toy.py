"""A toy: named, painted parts composed as signed distance fields, meshed on demand with or without edits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from odd_bench.geometry.shape import Material, PartEdit, Shape
from odd_bench.shapes.frame import Frame
from odd_bench.shapes.isosurface import Layer, bounds, owners, spacing_for, surface
from odd_bench.shapes.patterns import Pattern, Plain
from odd_bench.shapes.sdf import Field, placed

FACES = 50_000
SIDES = (("left", 1.0), ("right", -1.0))  # name and sign of y: a toy faces +x, and its left side lies at +y


@dataclass(frozen=True)
class Part:
    """One step in composing a toy. Parts of the same name are edited together, for example the white and the pupil of an eye.

    field: in the design frame (z up, the toy faces +x, inside the cube of side 4). blend: fillet radius to the parts before it.
    cut: subtract the field instead of adding it. movable: whether an anomaly may move, turn or remove the part.
    loose: held by gravity alone, like a drink in its cup; the part exists only while the toy stands upright.
    """

    name: str
    field: Field
    pattern: Pattern
    material: Material
    blend: float = 0.0
    cut: bool = False
    movable: bool = False
    loose: bool = False


@dataclass(frozen=True)
class Toy:
    """A model (see shape.Model) composed of parts; the first part is the body. faces: approximate number of its mesh's faces."""

    name: str
    category: str
    parts: tuple[Part, ...]
    faces: int = FACES

    @property
    def part_names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(part.name for part in self.parts))

    @property
    def movable_parts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(part.name for part in self.parts if part.movable))

    def emptied(self) -> Toy:
        """The toy without its loose parts."""
        return replace(self, parts=tuple(part for part in self.parts if not part.loose))

    def shape(self, edits: Sequence[PartEdit] = ()) -> Shape:
        """The mesh of the toy after the edits, which are in the canonical frame. Raises KeyError for an unknown part name."""
        if not edits:
            return self._intact
        painted = _edited(self, edits)
        return self._painted(painted, *surface(_layers(painted.parts), self._spacing))

    @cached_property
    def _spacing(self) -> float:
        return spacing_for(_layers(self.parts), self.faces, self._bounds)

    @cached_property
    def _bounds(self) -> tuple[np.ndarray, np.ndarray]:
        return bounds(_layers(self.parts))

    @cached_property
    def _raw(self) -> tuple[np.ndarray, np.ndarray]:
        return surface(_layers(self.parts), self._spacing, self._bounds)

    @cached_property
    def _frame(self) -> Frame:
        return Frame.around(self._raw[0].min(axis=0), self._raw[0].max(axis=0))

    @cached_property
    def _intact(self) -> Shape:
        return self._painted(_Painted.of(self.parts), *self._raw)

    def _painted(self, painted: _Painted, vertices: np.ndarray, faces: np.ndarray) -> Shape:
        centroids = vertices[faces].mean(axis=1).astype(np.float32)
        owner = owners(_layers(painted.parts), centroids)
        materials = tuple(dict.fromkeys(part.material for part in painted.parts))
        names = self.part_names
        return Shape(
            name=self.name,
            category=self.category,
            vertices=self._frame.canonical(vertices),
            faces=faces,
            face_part=np.array([names.index(part.name) for part in painted.parts], np.int32)[owner],
            face_material=np.array([materials.index(part.material) for part in painted.parts], np.int32)[owner],
            face_color=painted.colors(centroids, owner),
            part_names=names,
            materials=materials,
        )


@dataclass(frozen=True)
class _Painted:
    """Parts as they are meshed, each with the (4, 4) motion that moved it, design frame, so that its pattern moves along."""

    parts: tuple[Part, ...]
    motions: tuple[np.ndarray, ...]

    @staticmethod
    def of(parts: Sequence[Part]) -> _Painted:
        return _Painted(tuple(parts), tuple(np.eye(4) for _ in parts))

    def colors(self, centroids: np.ndarray, owner: np.ndarray) -> np.ndarray:
        """(f, 3) uint8 sRGB colours of faces. centroids: (f, 3), design frame. owner: (f,) index of each face's part."""
        colors = np.zeros((len(centroids), 3))
        for index, (part, motion) in enumerate(zip(self.parts, self.motions, strict=True)):
            own = owner == index
            at_home = (centroids[own] - motion[:3, 3]) @ motion[:3, :3]
            colors[own] = part.pattern.colors(at_home)
        return np.round(np.clip(colors, 0, 1) * 255).astype(np.uint8)


def _layers(parts: Sequence[Part]) -> list[Layer]:
    return [Layer(part.field, part.blend, part.cut) for part in parts]


def _edited(toy: Toy, edits: Sequence[PartEdit]) -> _Painted:
    by_name = {edit.part: edit for edit in edits}
    unknown = set(by_name) - set(toy.part_names)
    if unknown:
        raise KeyError(f"{toy.name}: no part {sorted(unknown)}; expected some of {list(toy.part_names)}")
    parts, motions = [], []
    for part in toy.parts:
        edit = by_name.get(part.name)
        if edit is not None and edit.remove:
            continue
        motion = np.eye(4) if edit is None or edit.motion is None else toy._frame.design_motion(edit.motion)
        parts.append(part if edit is None else _changed(part, edit, motion))
        motions.append(motion)
    return _Painted(tuple(parts), tuple(motions))


def _changed(part: Part, edit: PartEdit, motion: np.ndarray) -> Part:
    return replace(
        part,
        field=part.field if edit.motion is None else placed(part.field, motion),
        pattern=part.pattern if edit.color is None else Plain(edit.color),
        material=part.material if edit.material is None else edit.material,
    )
