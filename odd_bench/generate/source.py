"""What the scenes of one shape are made from: its model, mesh, rest poses, fracture modes and odd variants, each made once."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from odd_bench.anomalies import BREAKS, make_variant
from odd_bench.anomalies.variant import Variant
from odd_bench.generate.config import GenerateConfig
from odd_bench.generate.resting import Rests
from odd_bench.generate.variant_file import read_variant, write_variant
from odd_bench.geometry.refusal import Refusal
from odd_bench.geometry.shape import Model, Shape
from odd_bench.plan_line import Try
from odd_bench.shapes.catalogue import BaseShape, Catalogue

if TYPE_CHECKING:
    from odd_bench.geometry.fracture.modes import FractureModes

SHAPES_KEPT = 4  # in memory: workers that make the scenes of a few shapes in turn find them again


@dataclass
class Source:
    """One base shape. work: folder where other processes that make scenes of this shape find what is costly.

    Everything is a function of the shape, the configuration and a planned try; what is kept saves time alone.
    """

    base: BaseShape
    model: Model
    config: GenerateConfig
    work: Path
    _outcomes: dict[str, Variant | Refusal] = field(default_factory=dict)

    @cached_property
    def intact(self) -> Shape:
        return self.model.shape()

    @cached_property
    def rests(self) -> Rests:
        return Rests(self.intact, self.base.seed)

    @cached_property
    def modes(self) -> FractureModes:
        """Fracture modes, computed once a shape when a break asks for them."""
        from odd_bench.geometry.fracture.modes import FractureModes, compute_modes

        stored = self.work / "modes" / f"{self.base.name}.npz"
        if stored.exists():
            return FractureModes.load(stored)
        modes = compute_modes(self.intact, np.random.default_rng(np.random.SeedSequence([self.base.seed, 613])))
        modes.save(stored)
        return modes

    def variant(self, attempt: Try) -> Variant:
        """The variant of one planned try. Raises Refusal, the same one each time."""
        drawn = (attempt.type, attempt.seed, attempt.fragment)
        key = "-".join(str(value) for value in drawn if value is not None)
        if key not in self._outcomes:
            self._outcomes[key] = self._read_or_make(key, attempt)
        if isinstance(self._outcomes[key], Refusal):
            raise self._outcomes[key]
        return self._outcomes[key]

    def _read_or_make(self, key: str, attempt: Try) -> Variant | Refusal:
        stored = variants_folder(self.work, self.base.name) / f"{key}.npz"
        if stored.exists():
            return read_variant(stored)
        outcome = self._make(attempt)
        write_variant(stored, outcome)
        return outcome

    def _make(self, attempt: Try) -> Variant | Refusal:
        rng = np.random.default_rng(attempt.seed)
        try:
            modes = self.modes if attempt.type in BREAKS or attempt.fragment else None
            return make_variant(attempt.type, self.model, self.intact, rng, self.config.anomalies, modes)
        except Refusal as refusal:
            return refusal


def variants_folder(work: Path, shape: str) -> Path:
    """Where the variants of a shape are kept until its last scene is made."""
    return work / "variants" / shape


class Sources:
    """The sources of a run; those of the last few shapes are kept, since scenes of one shape follow each other."""

    def __init__(self, config: GenerateConfig, catalogue: Catalogue, work: Path):
        self.config, self._catalogue, self._work = config, catalogue, work
        self._kept: OrderedDict[BaseShape, Source] = OrderedDict()

    def of(self, base: BaseShape) -> Source:
        if base in self._kept:
            self._kept.move_to_end(base)
        else:
            self._kept[base] = Source(base, self._catalogue.model(base), self.config, self._work)
            while len(self._kept) > SHAPES_KEPT:
                self._kept.popitem(last=False)
        return self._kept[base]
