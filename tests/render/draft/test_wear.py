"""Wear slightly changes the reflected light, differently everywhere but reproducibly."""

import numpy as np

from odd_bench.render.draft.wear import worn

POINTS = np.random.default_rng(0).uniform(-0.5, 0.5, (3, 20_000)).astype(np.float32)
NONE, ALL = np.zeros(20_000, np.float32), np.ones(20_000, np.float32)


def test_wear_is_uneven_but_keeps_the_mean():
    for metallic in (NONE, ALL):
        factor = worn(POINTS, metallic)
        assert abs(factor.mean() - 1) < 0.05 and 0.03 < factor.std() < 0.25 and factor.min() > 0.2


def test_the_same_place_always_has_the_same_wear():
    assert (worn(POINTS, ALL) == worn(POINTS.copy(), ALL)).all()


def test_nearby_places_have_similar_wear():
    near = POINTS + np.float32(0.01)
    assert np.corrcoef(worn(POINTS, NONE), worn(near, NONE))[0, 1] > 0.5


def test_brush_marks_are_only_on_metal_and_run_along_one_axis():
    marks = worn(POINTS, ALL) / worn(POINTS, NONE)
    along, across = (
        worn(POINTS + np.float32(step), ALL) / worn(POINTS + np.float32(step), NONE)
        for step in ([[0.06], [0], [0]], [[0], [0.06], [0]])
    )
    assert marks.std() > 0.05
    assert np.corrcoef(marks, along)[0, 1] > np.corrcoef(marks, across)[0, 1] + 0.2
