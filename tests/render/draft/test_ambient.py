"""Ambient light: all of it in the open and in a furnace, less where something stands in the way."""

import numpy as np
import trimesh

from odd_bench.geometry.raycast import Caster
from odd_bench.render.draft.ambient import FLOOR_SIDE_M, measure_ambient
from odd_bench.render.draft.surface import join
from tests.blender_jobs.scenes import shape_of, standing, three_objects
from tests.render.draft.lights import constant, quartered

LEVEL = 0.7
BALL = shape_of(trimesh.creation.icosphere(3, 0.5), "ball", (128, 128, 128))


def measured(objects, floor_mean: float):
    surface = join(list(objects))
    light = constant(LEVEL)
    ambient = measure_ambient(surface, Caster([surface.mesh]), light, np.full(3, floor_mean), np.random.default_rng(0))
    return surface, ambient


def test_a_convex_object_on_a_white_floor_is_in_a_furnace():
    _, ambient = measured([standing(BALL, 0.0, 0.0, 0.0, 0.3)], floor_mean=1.0)
    assert np.allclose(ambient.vertices, LEVEL, rtol=1e-3)


def test_an_open_top_sees_the_environment_and_the_bottom_sees_a_dark_floor():
    surface, ambient = measured([standing(BALL, 0.0, 0.0, 0.0, 0.3)], floor_mean=0.0)
    height = surface.vertex_normals[:, 2]
    share = (1 + height) / 2  # share of the cosine-weighted hemisphere above the horizon
    assert np.allclose(ambient.vertices[height > 0.97], LEVEL, rtol=0.03)
    assert np.allclose(ambient.vertices[height < -0.97], 0.0, atol=0.03 * LEVEL)
    assert np.abs(ambient.vertices[:, 0] - LEVEL * share).mean() < 0.05 * LEVEL


def test_the_floor_is_darker_under_an_object_than_in_the_open():
    _, ambient = measured([standing(BALL, 0.0, 0.0, 0.0, 0.3)], floor_mean=0.3)
    under, beside, open_, far = ambient.on_floor(np.array([[0.0, 0], [0.12, 0], [1.2, 0], [3 * FLOOR_SIDE_M, 0]]).T)[0]
    assert under < 0.5 * LEVEL and under < beside < open_
    assert np.allclose([open_, far], LEVEL, rtol=0.02)


def test_the_floor_beyond_the_cells_is_evenly_lit():
    surface = join(list(three_objects()))
    ambient = measure_ambient(surface, Caster([surface.mesh]), quartered(0), np.full(3, 0.3), np.random.default_rng(0))
    along = np.linspace(-2, 2, 999) * FLOOR_SIDE_M
    away = np.full_like(along, 0.5 * FLOOR_SIDE_M)
    for points in (np.stack([along, away]), np.stack([-away, along])):
        assert np.ptp(ambient.on_floor(points), axis=1).max() < 1e-12


def test_neighbours_darken_each_other():
    _, ambient = measured(three_objects(), floor_mean=0.3)
    for i, item in enumerate(three_objects()):
        alone, lonely = measured([item], floor_mean=0.3)
        first = sum(len(shape.vertices) for shape, _ in three_objects()[:i])
        shared = ambient.vertices[first : first + len(alone.vertices)]
        assert shared.mean() < lonely.vertices.mean()
