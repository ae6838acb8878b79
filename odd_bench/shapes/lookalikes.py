"""Models of a library, each with the other models that it could be mistaken for: the wrong part in the bin."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from odd_bench.atomic import write_atomically
from odd_bench.geometry.raycast import nearest
from odd_bench.geometry.shape import PartEdit, Shape
from odd_bench.plain_file import read_plain_text
from odd_bench.shapes.assembly import Assembly
from odd_bench.shapes.library import Library
from odd_bench.shapes.similar_config import SimilarConfig
from odd_bench.shapes.similar_index import Progress, index_library

FILE = "lookalikes.json"  # in the library's folder


@dataclass(frozen=True)
class Lookalike:
    """Another shape of the library, painted like the one it could be mistaken for. change: the name of the other shape."""

    shape: Shape
    change: str


@dataclass(frozen=True)
class Mistakable:
    """A model (see shape.Model) together with the names of similar models of its library, nearest first; at least one."""

    model: Assembly
    library: Library
    similar: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def category(self) -> str:
        return self.model.category

    @property
    def part_names(self) -> tuple[str, ...]:
        return self.model.part_names

    @property
    def movable_parts(self) -> tuple[str, ...]:
        return self.model.movable_parts

    def shape(self, edits: Sequence[PartEdit] = ()) -> Shape:
        return self.model.shape(edits)

    def twin(self, rng: np.random.Generator) -> Lookalike:
        """A random one of the similar shapes."""
        name = self.similar[rng.integers(len(self.similar))]
        return Lookalike(painted_like(self.library.model(name).shape(), self.model.shape()), name)


def painted_like(shape: Shape, other: Shape) -> Shape:
    """The shape in the paint of another: each face looks like the nearest face of the other, so that paint gives nothing away."""
    face = nearest(other, shape.vertices[shape.faces].mean(axis=1))[1]
    return replace(
        shape, face_material=other.face_material[face], face_color=other.face_color[face], materials=other.materials
    )


def find_lookalikes(
    library: Library,
    splits: Iterable[Sequence[str]],
    config: SimilarConfig,
    progress: Progress = lambda stage, done, total: None,
) -> int:
    """Store for every shape the similar shapes of its own split, and return how many shapes have any.

    splits: for each split the names of its shapes. progress: called with the stage, how much of it is done, and how much in all.
    """
    similar: dict[str, list[str]] = {}
    for names in splits:
        if len(names) > 1:
            index = index_library(library, config, names, progress)
            similar.update((name, index.nearest_similar(name)) for name in names)
    write_atomically(library.store / FILE, (json.dumps(similar, indent=1, sort_keys=True) + "\n").encode())
    return sum(bool(names) for names in similar.values())


def model_of(library: Library, name: str) -> Assembly | Mistakable:
    """The model of that name, together with its lookalikes if it has any. Raises LibraryError if there is no such model."""
    path = library.store / FILE
    similar = json.loads(read_plain_text(path)).get(name) if path.exists() else None
    model = library.model(name)
    return Mistakable(model, library, tuple(similar)) if similar else model
