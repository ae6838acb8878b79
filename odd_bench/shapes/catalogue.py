"""The base shapes of a data set: endless procedural families, or a library of mesh files."""

from __future__ import annotations

import difflib
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from odd_bench.errors import WrongUse
from odd_bench.geometry.shape import Model
from odd_bench.scene import SPLITS
from odd_bench.shapes.library import Library
from odd_bench.shapes.lookalikes import model_of

UNSEEN_SPLIT = "test-unseen"


class CatalogueError(WrongUse):
    """There are no shapes for a kind, category or split."""


@dataclass(frozen=True)
class BaseShape:
    """The shape that a scene shows several times. seed: the seed of a procedural shape, or 0 for a mesh file."""

    name: str
    category: str
    seed: int


class Catalogue(Protocol):
    """Base shapes by split. No two splits share a shape, and test-unseen shares no category with the others."""

    def base_shape(self, split: str, number: int) -> BaseShape:
        """Shape `number` of a split; any number from 0 upwards is valid. Raises CatalogueError if the split has no shape."""
        ...

    def model(self, shape: BaseShape) -> Model:
        """The model that the shape is built from."""
        ...


@dataclass(frozen=True)
class Procedural:
    """Toys or parts made from seeds.

    seed: the seed of the data set. shapes: how many shapes each split will use, so that no two splits share one.
    only: the categories to choose from, empty = all. loose: whether toys have their loose parts, which fall out unless the toy
    stands upright. mesh_faces: approximate number of faces of a toy's mesh.
    """

    kind: str
    seed: int
    shapes: Mapping[str, int]
    only: tuple[str, ...] = ()
    loose: bool = True
    mesh_faces: int = 50_000

    def base_shape(self, split: str, number: int) -> BaseShape:
        names = self._categories(split)
        if not names:
            raise _no_category(split, self.only, self._all(split))
        order = np.random.default_rng(np.random.SeedSequence([self.seed, 977, zlib.crc32(split.encode())])).permutation(
            len(names)
        )
        category = names[order[number % len(names)]]
        instance = self._first_instance(split, names) + number // len(names)
        entropy = [self.seed, zlib.crc32(category.encode()), instance]
        seed = int(np.random.SeedSequence(entropy).generate_state(1)[0] >> 1)
        return BaseShape(f"{category}-{instance:04d}", category, seed)

    def model(self, shape: BaseShape) -> Model:
        from odd_bench.shapes import cad, toys

        if self.kind == "parts":
            return replace(cad.make_part(shape.category, shape.seed), name=shape.name)
        toy = replace(toys.make_toy(shape.category, shape.seed), name=shape.name, faces=self.mesh_faces)
        return toy if self.loose else toy.emptied()

    def _categories(self, split: str) -> tuple[str, ...]:
        return tuple(name for name in self._all(split) if not self.only or name in self.only)

    def _all(self, split: str) -> tuple[str, ...]:
        from odd_bench.shapes import cad, toys

        if self.kind == "parts":
            check_names(self.only, tuple(cad.FAMILIES))
            return tuple(cad.FAMILIES)
        check_names(self.only, (*toys.SEEN, *toys.UNSEEN))
        return toys.UNSEEN if split == UNSEEN_SPLIT else toys.SEEN

    def _first_instance(self, split: str, names: Sequence[str]) -> int:
        """The first instance number of a split: one past the last number of the earlier splits that share its categories."""
        first = 0
        for earlier in SPLITS[self.kind][: SPLITS[self.kind].index(split)]:
            if set(self._categories(earlier)) & set(names):
                first += math.ceil(self.shapes.get(earlier, 0) / len(names))
        return first


@dataclass(frozen=True)
class FromLibrary:
    """The models of a library of mesh files.

    If test-unseen asks for shapes, every fourth category belongs to it. The shapes of the other categories are divided among the
    other splits in proportion to the numbers of shapes that these ask for, with at least one for each.
    """

    library: Library
    kind: str
    seed: int
    shapes: Mapping[str, int]
    only: tuple[str, ...] = ()

    def base_shape(self, split: str, number: int) -> BaseShape:
        names = self.names(split)
        if not names:
            raise CatalogueError(
                f"assets: found {len(self.library.used)} usable shapes in {len(self.library.categories)} categories, none left "
                f"for {split}; expected one per split, and four categories for {UNSEEN_SPLIT}. "
                f"Hint: add shapes, or --set splits.{split}=0"
            )
        name = names[number % len(names)]
        return BaseShape(name, next(entry.category for entry in self.library.used if entry.name == name), 0)

    def model(self, shape: BaseShape) -> Model:
        return model_of(self.library, shape.name)

    def names(self, split: str) -> list[str]:
        """The names of the shapes of a split, in the order in which they are used."""
        check_names(self.only, self.library.categories)
        categories = [name for name in self.library.categories if not self.only or name in self.only]
        unseen = set(categories[3::4]) if self.shapes.get(UNSEEN_SPLIT, 0) else set()
        if split == UNSEEN_SPLIT:
            return self._shuffled(unseen)
        names = self._shuffled(set(categories) - unseen)
        seen_splits = [s for s in SPLITS[self.kind] if s != UNSEEN_SPLIT and self.shapes.get(s, 0)]
        if split not in seen_splits or len(names) < len(seen_splits):
            return []
        wanted = np.cumsum([0] + [self.shapes[s] for s in seen_splits])
        spare = len(names) - len(seen_splits)
        bounds = np.round(wanted / wanted[-1] * spare).astype(int) + np.arange(len(wanted))
        place = seen_splits.index(split)
        return names[bounds[place] : bounds[place + 1]]

    def _shuffled(self, categories: set[str]) -> list[str]:
        names = [entry.name for entry in self.library.used if entry.category in categories]
        order = np.random.default_rng(np.random.SeedSequence([self.seed, 977])).permutation(len(names))
        return [names[i] for i in order]


def check_names(only: Sequence[str], known: Sequence[str]) -> None:
    """Raise CatalogueError for categories that do not exist; the message suggests the most similar names."""
    unknown = sorted(set(only) - set(known))
    if unknown:
        hints = [near for name in unknown for near in difflib.get_close_matches(name, known, n=1)]
        hint = f". Did you mean {', '.join(hints)}?" if hints else ""
        raise CatalogueError(f"categories: found {unknown}; expected some of {', '.join(sorted(known))}{hint}")


def _no_category(split: str, only: Sequence[str], known: Sequence[str]) -> CatalogueError:
    hint = f"Hint: add one of {', '.join(known[:5])}, or --set splits.{split}=0"
    return CatalogueError(f"categories: found only {', '.join(only)}; expected at least one of split {split}. {hint}")
