"""The source of the scenes of one shape: its model, mesh, rest poses, fracture modes and odd variants, each made once."""

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
from odd_bench.kept import read_or_make
from odd_bench.plan_line import Try
from odd_bench.shapes.catalogue import BaseShape, Catalogue

if TYPE_CHECKING:
    from odd_bench.geometry.fracture.modes import FractureModes

SHAPES_KEPT = 4  # shapes in memory, for workers that make scenes of a few shapes in turn


@dataclass
class Source:
    """One base shape and everything made from it, cached in memory and on disk.

    All results depend on the shape, the configuration and a planned try alone; the cache only saves time. work: folder in which
    processes share fracture modes and variants.
    """

    base: BaseShape
    model: Model
    config: GenerateConfig
    work: Path
    _outcomes: dict[str, Variant | Refusal] = field(default_factory=dict)

    @cached_property
    def intact(self) -> Shape:
        """The mesh of the intact shape."""
        return self.model.shape()

    @cached_property
    def rests(self) -> Rests:
        """The rest poses of the intact shape."""
        return Rests(self.intact, self.base.seed)

    @cached_property
    def modes(self) -> FractureModes:
        """The fracture modes of the shape, computed once, when a crack or fracture needs them."""
        from odd_bench.geometry.fracture.modes import FractureModes, compute_modes

        def make() -> FractureModes:
            return compute_modes(self.intact, np.random.default_rng(np.random.SeedSequence([self.base.seed, 613])))

        stored = self.work / "modes" / f"{self.base.name}.npz"
        return read_or_make(stored, FractureModes.load, make, lambda path, modes: modes.save(path))

    def variant(self, attempt: Try) -> Variant:
        """The variant of one planned try. Raises Refusal if the try fails; the same try always fails in the same way."""
        drawn = (attempt.type, attempt.seed, attempt.fragment)
        key = "-".join(str(value) for value in drawn if value is not None)
        if key not in self._outcomes:
            self._outcomes[key] = self._read_or_make(key, attempt)
        if isinstance(self._outcomes[key], Refusal):
            raise self._outcomes[key]
        return self._outcomes[key]

    def _read_or_make(self, key: str, attempt: Try) -> Variant | Refusal:
        stored = variants_folder(self.work, self.base.name) / f"{key}.npz"
        return read_or_make(stored, read_variant, lambda: self._make(attempt), write_variant)

    def _make(self, attempt: Try) -> Variant | Refusal:
        rng = np.random.default_rng(attempt.seed)
        try:
            modes = self.modes if attempt.type in BREAKS or attempt.fragment else None
            return make_variant(attempt.type, self.model, self.intact, rng, self.config.anomalies, modes)
        except Refusal as refusal:
            return refusal


def variants_folder(work: Path, shape: str) -> Path:
    """The folder of the variants of a shape, which exists until the last scene of the shape is made."""
    return work / "variants" / shape


class Sources:
    """The sources of a run. Those of the last few shapes are cached, because scenes of one shape follow each other."""

    def __init__(self, config: GenerateConfig, catalogue: Catalogue, work: Path):
        self.config, self._catalogue, self._work = config, catalogue, work
        self._kept: OrderedDict[BaseShape, Source] = OrderedDict()

    def of(self, base: BaseShape) -> Source:
        """The source of a base shape."""
        if base in self._kept:
            self._kept.move_to_end(base)
        else:
            self._kept[base] = Source(base, self._catalogue.model(base), self.config, self._work)
            while len(self._kept) > SHAPES_KEPT:
                self._kept.popitem(last=False)
        return self._kept[base]
