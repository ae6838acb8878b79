"""The positions of object pixels equal those of a plain computation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.data.object_pixels import ObjectPixels, grown

SHAPE = (3, 11, 7)


def masks(seed: int, objects: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.integers(0, objects + 1, SHAPE) * (rng.random(SHAPE) < 0.4)).astype(np.uint8)


@given(st.integers(0, 10**6), st.integers(1, 12))
def test_every_pixel_is_found_once_and_in_order(seed, objects):
    instance = masks(seed, objects)
    pixels = ObjectPixels(instance, objects)
    assert np.array_equal(pixels.counts(), [(instance == k + 1).sum(axis=(1, 2)) for k in range(objects)])
    found = np.zeros(SHAPE, np.uint8)
    for view, k, place in zip(*pixels.seen(), strict=True):
        own = slice(pixels.bounds[place], pixels.bounds[place + 1])
        rows, columns = np.nonzero(instance[view] == k + 1)
        assert np.array_equal(pixels.rows[own], rows) and np.array_equal(pixels.columns[own], columns)
        assert (instance.reshape(-1)[pixels.place[own]] == k + 1).all()
        found[view, rows, columns] = k + 1
    assert np.array_equal(found, instance)


@given(st.integers(0, 10**6), st.integers(1, 5))
def test_the_row_ends_of_every_object_are_found(seed, objects):
    instance = masks(seed, objects)
    pixels = ObjectPixels(instance, objects)
    ends, begins = pixels.row_ends()
    for (view, k, _), own in zip(zip(*pixels.seen(), strict=True), np.split(ends, begins[1:]), strict=True):
        rows, columns = np.nonzero(instance[view] == k + 1)
        first = [(columns[rows == row].min() + 0.5, row + 0.5) for row in np.unique(rows)]
        last = [(columns[rows == row].max() + 0.5, row + 0.5) for row in np.unique(rows)]
        assert np.array_equal(own, np.stack([first, last], axis=1))


@given(st.integers(0, 10**6), st.integers(1, 8), st.integers(0, 3))
def test_grown_masks_reach_as_far_as_requested_and_not_beyond_the_picture(seed, objects, reach):
    instance = masks(seed, objects)
    near = grown(instance, range(objects), reach)
    for view, row, column in np.ndindex(*near.shape):
        around = instance[view, max(row - 1 - reach, 0) : row + reach, max(column - 1 - reach, 0) : column + reach]
        inside = 0 < row <= SHAPE[1] and 0 < column <= SHAPE[2]
        expected = {int(k) - 1 for k in np.unique(around) if k} if inside else set()
        assert {k for k in range(objects) if near[view, row, column] >> k & 1} == expected


@pytest.mark.parametrize("objects", [1, 84])
def test_an_empty_scene_has_no_pixels(objects):
    pixels = ObjectPixels(np.zeros(SHAPE, np.uint8), objects)
    assert not pixels.counts().any() and not len(pixels.seen()[0]) and not len(pixels.row_ends()[0])
