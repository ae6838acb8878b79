"""No two splits share a shape, and unseen categories are in their split only, whatever the shapes are."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.scene import SPLITS
from odd_bench.shapes.catalogue import UNSEEN_SPLIT, BaseShape, CatalogueError, FromLibrary, Procedural
from odd_bench.shapes.library import Entry, Library


def library(*counts: int) -> Library:
    """A library with `counts[i]` shapes in the i-th category."""
    names = [(f"kind{i:02d}", f"kind{i:02d}-{j}") for i, count in enumerate(counts) for j in range(count)]
    return Library(Path("nowhere"), tuple(Entry(f"{c}/{n}.obj", "0" * 64, n, c, "none") for c, n in names))


def drawn(catalogue, shapes: dict[str, int]) -> dict[str, set[BaseShape]]:
    return {split: {catalogue.base_shape(split, k) for k in range(count)} for split, count in shapes.items()}


def assert_splits_are_clean(by_split: dict[str, set[BaseShape]]) -> None:
    splits = list(by_split)
    for i, first in enumerate(splits):
        for second in splits[:i]:
            assert not by_split[first] & by_split[second]
            if UNSEEN_SPLIT in (first, second):
                assert not {s.category for s in by_split[first]} & {s.category for s in by_split[second]}


@given(st.integers(0, 2**31), st.lists(st.integers(0, 90), min_size=4, max_size=4))
def test_procedural_splits_share_no_shape(seed, counts):
    shapes = dict(zip(SPLITS["toys"], counts, strict=True))
    by_split = drawn(Procedural("toys", seed, shapes), shapes)
    assert_splits_are_clean(by_split)
    assert {split: len(found) for split, found in by_split.items()} == shapes


@given(st.integers(0, 2**31), st.lists(st.integers(0, 90), min_size=3, max_size=3))
def test_procedural_parts_share_no_shape_between_splits(seed, counts):
    shapes = dict(zip(SPLITS["parts"], counts, strict=True))
    by_split = drawn(Procedural("parts", seed, shapes), shapes)
    assert_splits_are_clean(by_split)
    assert {split: len(found) for split, found in by_split.items()} == shapes


@given(
    st.integers(0, 2**31), st.lists(st.integers(2, 9), min_size=4, max_size=12), st.integers(1, 60), st.integers(1, 9)
)
def test_a_library_is_divided_without_overlap(seed, counts, train, test):
    shapes = {"train": train, "val": 1, "test-seen": test, "test-unseen": test}
    by_split = drawn(FromLibrary(library(*counts), "toys", seed, shapes), shapes)
    assert_splits_are_clean(by_split)
    assert all(by_split.values())


def test_a_library_without_enough_shapes_is_reported():
    shapes = {"train": 3, "val": 1, "test-seen": 1, "test-unseen": 1}
    with pytest.raises(CatalogueError, match=r"found 3 usable shapes in 1 categories, none left for test-unseen"):
        FromLibrary(library(3), "toys", 0, shapes).base_shape("test-unseen", 0)
    with pytest.raises(CatalogueError, match=r"none left for train"):
        FromLibrary(library(1, 1), "toys", 0, {"train": 3, "val": 1, "test-seen": 1}).base_shape("train", 0)


def test_an_unknown_category_of_a_library_is_reported():
    with pytest.raises(CatalogueError, match=r"found \['kind1'\].*Did you mean kind0"):
        FromLibrary(library(3, 3), "toys", 0, {"train": 1}, ("kind1",)).base_shape("train", 0)
