"""Which shapes a data set is made of: the categories of each split and the model behind a name."""

from __future__ import annotations

from dataclasses import replace

from odd_bench.shapes.shape import Model


def categories(kind: str, split: str, only: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Categories a split draws from; `only` restricts them. Raises KeyError for a category that does not exist."""
    from odd_bench.shapes import toys

    if kind != "toys":
        raise KeyError(f"no catalogue of {kind!r}; known: toys")
    unknown = sorted(set(only) - set(toys.BUILDERS))
    if unknown:
        raise KeyError(f"unknown categories {unknown}; known: {', '.join(sorted(toys.BUILDERS))}")
    group = toys.UNSEEN if split == "test-unseen" else toys.SEEN
    return tuple(name for name in group if name in toys.BUILDERS and (not only or name in only))


def make_model(kind: str, category: str, seed: int, name: str) -> Model:
    """The model of one base shape, called `name`."""
    from odd_bench.shapes.toys import make_toy

    if kind != "toys":
        raise KeyError(f"no catalogue of {kind!r}; known: toys")
    return replace(make_toy(category, seed), name=name)
