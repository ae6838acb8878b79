"""Casting no rays where no shadow can fall changes nothing."""

from dataclasses import replace

import numpy as np
import pytest

from odd_bench.geometry.raycast import Caster
from odd_bench.render.draft.sun import sun_over
from odd_bench.render.draft.surface import join
from tests.blender_jobs.scenes import three_objects
from tests.render.draft.lights import constant

POINTS = np.random.default_rng(0).uniform(-2, 2, (3, 20000)).astype(np.float32) * np.float32([[1], [1], [0]])
UP = np.broadcast_to(np.float32([[0], [0], [1]]), POINTS.shape)
SURFACE = join(list(three_objects()))
CASTER = Caster([SURFACE.mesh])


@pytest.mark.parametrize("elevation_rad", [0.2, 0.5, 1.3])
def test_every_shadow_on_the_floor_lies_where_objects_may_cast_one(elevation_rad):
    light = constant(0.5, sun=1.0)
    direction = np.array([np.cos(elevation_rad), 0.0, np.sin(elevation_rad)])
    sun = sun_over(SURFACE, CASTER, replace(light, sun_direction=direction, sun_size_rad=0.1))
    everywhere = replace(sun, least=sun.least - 100, greatest=sun.greatest + 100)
    outside = ((POINTS[:2] < sun.least) | (POINTS[:2] > sun.greatest)).any(axis=0)
    shaded = everywhere.shining(POINTS, UP, np.random.default_rng(0)) == 0
    assert shaded.any() and outside.any() and not (shaded & outside).any()
    assert (sun.shining(POINTS, UP, np.random.default_rng(0))[outside] == np.float32(direction[2])).all()


def test_without_a_sun_nothing_is_lit():
    sun = sun_over(SURFACE, CASTER, constant(0.5))
    assert not sun.shining(POINTS, UP, np.random.default_rng(0)).any()
