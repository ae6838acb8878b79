"""Which shapes a data set is made of: the categories of each split and the model behind a name."""

from __future__ import annotations

import difflib
from dataclasses import replace

from odd_bench.errors import WrongUse
from odd_bench.shapes.shape import Model


class CatalogueError(WrongUse):
    """A kind or category of shapes that does not exist."""


def categories(kind: str, split: str, only: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Categories a split draws from; `only` restricts them. Raises CatalogueError for one that does not exist."""
    from odd_bench.shapes import toys

    if kind != "toys":
        raise CatalogueError(f"no catalogue of {kind!r}; known: toys")
    unknown = sorted(set(only) - set(toys.BUILDERS))
    if unknown:
        hints = [near for name in unknown for near in difflib.get_close_matches(name, toys.BUILDERS, n=1)]
        hint = f". Did you mean {', '.join(hints)}?" if hints else ""
        raise CatalogueError(f"categories: found {unknown}; expected some of {', '.join(sorted(toys.BUILDERS))}{hint}")
    group = toys.UNSEEN if split == "test-unseen" else toys.SEEN
    return tuple(name for name in group if name in toys.BUILDERS and (not only or name in only))


def make_model(kind: str, category: str, seed: int, name: str) -> Model:
    """The model of one base shape, called `name`."""
    from odd_bench.shapes.toys import make_toy

    if kind != "toys":
        raise CatalogueError(f"no catalogue of {kind!r}; known: toys")
    return replace(make_toy(category, seed), name=name)
