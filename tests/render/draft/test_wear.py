"""Wear changes how much light comes back a little, everywhere differently, in the same way each time."""

import numpy as np

from odd_bench.render.draft.wear import worn

POINTS = np.random.default_rng(0).uniform(-0.5, 0.5, (3, 20_000)).astype(np.float32)
NONE, ALL = np.zeros(20_000, np.float32), np.ones(20_000, np.float32)


def test_it_is_uneven_but_leaves_the_mean():
    for metallic in (NONE, ALL):
        factor = worn(POINTS, metallic)
        assert abs(factor.mean() - 1) < 0.05 and 0.03 < factor.std() < 0.25 and factor.min() > 0.2


def test_the_same_place_looks_the_same():
    assert (worn(POINTS, ALL) == worn(POINTS.copy(), ALL)).all()


def test_near_places_look_alike():
    near = POINTS + np.float32(0.01)
    assert np.corrcoef(worn(POINTS, NONE), worn(near, NONE))[0, 1] > 0.5


def test_marks_are_on_metal_alone_and_run_along_one_axis():
    marks = worn(POINTS, ALL) / worn(POINTS, NONE)
    along, across = (
        worn(POINTS + np.float32(step), ALL) / worn(POINTS + np.float32(step), NONE)
        for step in ([[0.06], [0], [0]], [[0], [0.06], [0]])
    )
    assert marks.std() > 0.05
    assert np.corrcoef(marks, along)[0, 1] > np.corrcoef(marks, across)[0, 1] + 0.2
