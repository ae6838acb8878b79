"""A machined part: steps that add or subtract solids, combined on demand with or without edits."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby

import numpy as np
from manifold3d import Manifold, OpType

from odd_bench.geometry.refusal import NO_TWIN, Refusal
from odd_bench.geometry.shape import PartEdit, Shape
from odd_bench.geometry.solid import faces_by_origin
from odd_bench.shapes.cad.draws import Draws, Parameter
from odd_bench.shapes.cad.finishes import Finish
from odd_bench.shapes.frame import Frame

FEWEST_FACES = 2_000  # a mesh with fewer is subdivided


@dataclass(frozen=True)
class Step:
    """One step of making a part. Steps of the same name are edited together, for example a boss and its hole.

    solid: millimetres, design frame. cut: whether the solid is subtracted from all steps before; the walls of the cut get the
    name and the finish of this step. movable: whether an anomaly may move, turn or remove it.
    """

    name: str
    solid: Manifold
    finish: Finish
    cut: bool = False
    movable: bool = False


Family = Callable[[Draws], list[Step]]


@dataclass(frozen=True)
class Twin:
    """A part that differs from another in one parameter.

    shape: in the canonical frame of the other part. change: the difference, for example `holes: 5 -> 6`.
    """

    shape: Shape
    change: str


@dataclass(frozen=True)
class Machined:
    """A model (see shape.Model) made by a family of parts. replaced: draws, by parameter, to use instead of those of the seed."""

    name: str
    category: str
    family: Family
    seed: int
    replaced: Mapping[str, float] = field(default_factory=dict)

    @property
    def part_names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(step.name for step in self.steps))

    @property
    def movable_parts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(step.name for step in self.steps if step.movable))

    @property
    def steps(self) -> tuple[Step, ...]:
        return self._made[1]

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """The drawn parameters by name."""
        return self._made[0].drawn

    def shape(self, edits: Sequence[PartEdit] = ()) -> Shape:
        """The mesh of the part after the edits, which are in the canonical frame. Raises KeyError for an unknown part name."""
        if not edits:
            return self._intact
        unknown = {edit.part for edit in edits} - set(self.part_names)
        if unknown:
            raise KeyError(f"{self.name}: no part {sorted(unknown)}; expected some of {list(self.part_names)}")
        steps = _edited(self.steps, edits, self._frame)
        return self._shape(_fused(steps), steps, self._frame)

    def twin(self, rng: np.random.Generator) -> Twin:
        """The same part with one parameter changed to a nearby value. Raises Refusal if nothing is left of the part."""
        names = sorted(self.parameters)
        before = self.parameters[names[rng.integers(len(names))]]
        other = replace(self, replaced={**self.replaced, before.name: before.nudged(rng)})
        after = other.parameters[before.name]
        if other._solid.solid.is_empty():
            raise Refusal(NO_TWIN, f"{self.name}: {before.name}: {_text(before)} -> {_text(after)} leaves nothing")
        shape = other._shape(other._solid, other.steps, self._frame)
        return Twin(shape, f"{before.name}: {_text(before)} -> {_text(after)}")

    @cached_property
    def _made(self) -> tuple[Draws, tuple[Step, ...]]:
        draws = Draws((zlib.crc32(self.category.encode()), self.seed), self.replaced)
        return draws, tuple(self.family(draws))

    @cached_property
    def _solid(self) -> Fused:
        return _fused(self.steps)

    @cached_property
    def _frame(self) -> Frame:
        box = self._solid.solid.bounding_box()
        return Frame.around(box[:3], box[3:])

    @cached_property
    def _intact(self) -> Shape:
        return self._shape(self._solid, self.steps, self._frame)

    def _shape(self, fused: Fused, steps: Sequence[Step], frame: Frame) -> Shape:
        divisions = max(1, math.ceil(math.sqrt(FEWEST_FACES / self._solid.solid.num_tri())))
        vertices, faces, origin_id, _ = faces_by_origin(fused.solid.refine(divisions))
        step = np.searchsorted(fused.ids, origin_id)  # the ids ascend from step to step
        names, materials = self.part_names, tuple(dict.fromkeys(step.finish.material for step in steps))
        colors = np.round(np.clip([step.finish.color for step in steps], 0, 1) * 255).astype(np.uint8)
        return Shape(
            name=self.name,
            category=self.category,
            vertices=frame.canonical(vertices),
            faces=faces,
            face_part=np.array([names.index(step.name) for step in steps], np.int32)[step],
            face_material=np.array([materials.index(step.finish.material) for step in steps], np.int32)[step],
            face_color=colors[step],
            part_names=names,
            materials=materials,
        )


@dataclass(frozen=True)
class Fused:
    """The result of all steps. solid: their combination. ids: (steps,) the original id of each step's faces, ascending."""

    solid: Manifold
    ids: np.ndarray


def _fused(steps: Sequence[Step]) -> Fused:
    originals = [step.solid.as_original() for step in steps]
    solid = Manifold()
    for cut, run in groupby(zip(steps, originals, strict=True), key=lambda pair: pair[0].cut):
        operation = OpType.Subtract if cut else OpType.Add
        solid = Manifold.batch_boolean([solid, *(original for _, original in run)], operation)
    return Fused(solid, np.array([original.original_id() for original in originals]))


def _edited(steps: Sequence[Step], edits: Sequence[PartEdit], frame: Frame) -> list[Step]:
    by_name = {edit.part: edit for edit in edits}
    kept = [step for step in steps if not (step.name in by_name and by_name[step.name].remove)]
    return [_changed(step, by_name[step.name], frame) if step.name in by_name else step for step in kept]


def _changed(step: Step, edit: PartEdit, frame: Frame) -> Step:
    moved = step.solid if edit.motion is None else step.solid.transform(frame.design_motion(edit.motion)[:3])
    finish = Finish(edit.material or step.finish.material, edit.color or step.finish.color)
    return replace(step, solid=moved, finish=finish)


def _text(parameter: Parameter) -> str:
    value = parameter.value
    return f"{value:.2f}" if isinstance(value, float) else str(value)
