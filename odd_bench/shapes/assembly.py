"""A model made of closed bodies, each of one or several parts; shapes from mesh files are stored in this form."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import manifold3d
import numpy as np

from odd_bench.geometry.motion import transformed
from odd_bench.geometry.shape import ARRAYS, Material, PartEdit, Shape
from odd_bench.geometry.solid import faces_by_origin, to_solid
from odd_bench.plain_file import open_plain


@dataclass(frozen=True)
class Assembly:
    """A model (see shape.Model) made of closed bodies.

    intact: the shape without edits. bodies: the bodies of the shape, the main one first; they share its part names and materials.
    """

    name: str
    category: str
    intact: Shape
    bodies: tuple[Shape, ...]

    @property
    def part_names(self) -> tuple[str, ...]:
        return self.intact.part_names

    @property
    def movable_parts(self) -> tuple[str, ...]:
        """The parts that consist of whole bodies, other than the main body."""
        owners = [np.unique(body.face_part) for body in self.bodies]
        shared = {int(part) for parts in owners if len(parts) > 1 for part in parts}
        return tuple(name for part, name in enumerate(self.part_names) if part not in shared | set(owners[0].tolist()))

    def shape(self, edits: Sequence[PartEdit] = ()) -> Shape:
        """The union of the bodies after the edits, canonical frame of the intact shape.

        Raises KeyError for an unknown part name and ValueError if the edits remove every part.
        """
        if not edits:
            return self.intact
        bodies = list(self.bodies)
        for edit in edits:
            if edit.part not in self.part_names:
                raise KeyError(f"{self.name}: no part {edit.part!r}; expected one of {', '.join(self.part_names)}")
            bodies = [changed for body in bodies if (changed := _edited(body, edit)) is not None]
        if not bodies:
            raise ValueError(f"{self.name}: no part is left; the edits remove all of {', '.join(self.part_names)}")
        return fuse(bodies)

    def save(self, path: Path) -> None:
        """Write a compressed .npz; equal assemblies give equal bytes."""
        arrays = {
            f"{number}/{field}": getattr(shape, field)
            for number, shape in enumerate((self.intact, *self.bodies))
            for field in ARRAYS
        }
        about = {
            "name": self.name,
            "category": self.category,
            "bodies": len(self.bodies),
            "part_names": self.part_names,
            "materials": [asdict(material) for material in self.intact.materials],
        }
        arrays["about"] = np.frombuffer(json.dumps(about, sort_keys=True).encode(), np.uint8)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)
        path.write_bytes(buffer.getvalue())

    @staticmethod
    def load(path: Path) -> Assembly:
        with open_plain(path) as file, np.load(file, allow_pickle=False) as stored:
            about = json.loads(stored["about"].tobytes())
            materials = tuple(Material(**material) for material in about["materials"])
            shapes = [
                Shape(
                    about["name"],
                    about["category"],
                    *(stored[f"{number}/{field}"] for field in ARRAYS),
                    tuple(about["part_names"]),
                    materials,
                )
                for number in range(about["bodies"] + 1)
            ]
        return Assembly(about["name"], about["category"], shapes[0], tuple(shapes[1:]))


def fuse(bodies: Sequence[Shape]) -> Shape:
    """The union of closed bodies. Every face keeps the paint and part of the face that it is a piece of."""
    if len(bodies) == 1:
        return bodies[0]
    first_id = manifold3d.Manifold.reserve_ids(len(bodies))
    solids = [to_solid(body.vertices, body.faces, first_id + number) for number, body in enumerate(bodies)]
    union = manifold3d.Manifold.batch_boolean(solids, manifold3d.OpType.Add)
    vertices, faces, origin_id, index = faces_by_origin(union)
    starts = np.cumsum([0] + [len(body.faces) for body in bodies])
    source = starts[origin_id.astype(np.int64) - first_id] + index
    paint = {field: np.concatenate([getattr(body, field) for body in bodies])[source] for field in ARRAYS[2:]}
    return replace(bodies[0], vertices=vertices, faces=faces, **paint)


def _edited(body: Shape, edit: PartEdit) -> Shape | None:
    """The body with one part changed, or None if it is removed. New paint covers only the part; a motion moves the whole body."""
    own = body.face_part == body.part_names.index(edit.part)
    if not own.any():
        return _with_material(body, own, edit)
    if edit.remove:
        return None
    if edit.motion is not None:
        body = replace(body, vertices=transformed(body.vertices, edit.motion))
    if edit.color is not None:
        painted = np.round(np.clip(edit.color, 0, 1) * np.array(255.0)).astype(np.uint8)
        body = replace(body, face_color=np.where(own[:, None], painted, body.face_color))
    return _with_material(body, own, edit)


def _with_material(body: Shape, own: np.ndarray, edit: PartEdit) -> Shape:
    """The body with the edit's material on its `own` faces. Every body gets the new material, so that all share one list."""
    if edit.material is None:
        return body
    materials = (*body.materials, edit.material)
    return replace(body, materials=materials, face_material=np.where(own, len(materials) - 1, body.face_material))
