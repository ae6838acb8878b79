"""The light of the floor, from the map, is correct at each place; far away it is the mean."""

import numpy as np
import pytest

from odd_bench.geometry.raycast import Caster
from odd_bench.render.draft.ambient import measure_ambient
from odd_bench.render.draft.floor import floor_albedo
from odd_bench.render.draft.floor_map import CELLS, map_floor
from odd_bench.render.draft.sun import sun_over
from odd_bench.render.draft.surface import join
from odd_bench.render.surroundings import draw_floor, mean_albedo
from tests.blender_jobs.scenes import PLAIN_FLOOR, lopsided_cameras, standing, three_objects
from tests.render.draft.lights import constant

CAMERAS = lopsided_cameras(96, 72)
AWAY = [standing(three_objects()[0][0], 0.0, 30.0, 0.0, 0.3)]
PLACES = np.random.default_rng(0).uniform(-0.7, 0.7, (2, 2000)).astype(np.float32)


def mapped(draw: dict, objects=AWAY, light=None):
    light, surface = light or constant(0.7), join(list(objects))
    caster, rng = Caster([surface.mesh]), np.random.default_rng(0)
    ambient = measure_ambient(surface, caster, light, mean_albedo(draw), rng)
    return map_floor(draw, ambient, sun_over(surface, caster, light), CAMERAS, rng)


def test_an_open_floor_scatters_its_reflectance_times_the_light():
    floor = mapped(PLAIN_FLOOR, light=constant(0.7, sun=1.0))
    values = floor.at(PLACES, np.full(2000, floor.cell_m))
    expected = mean_albedo(PLAIN_FLOOR)[0] * (0.7 + 0.8 / np.pi)  # the sun stands at a sine of 0.8
    assert np.allclose(values[:3], expected, rtol=2e-3) and np.allclose(values[3], 0.8, rtol=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_the_finest_cells_show_the_pattern(seed):
    draw = draw_floor(np.random.default_rng(seed))
    floor = mapped(draw)
    middles = (np.round(PLACES / floor.cell_m - 0.5) + 0.5) * np.float32(floor.cell_m)
    values = floor.at(middles, np.full(2000, floor.cell_m))
    assert np.abs(values[4:] - floor_albedo(draw, middles, floor.cell_m)).max() < 0.02


def test_coarser_cells_are_means_of_finer_ones():
    draw = draw_floor(np.random.default_rng(1))
    floor = mapped(draw)
    fine = floor.values[: CELLS**2].reshape(CELLS, CELLS, 7)
    coarse = floor.values[CELLS**2 : 2 * CELLS**2].reshape(CELLS, CELLS, 7)
    half = slice(CELLS // 4, 3 * CELLS // 4)
    assert np.allclose(coarse[half, half], fine.reshape(CELLS // 2, 2, CELLS // 2, 2, 7).mean(axis=(1, 3)), atol=1e-5)


def test_objects_shade_the_floor():
    floor = mapped(PLAIN_FLOOR, three_objects(), constant(0.7, sun=1.0))
    values = floor.at(PLACES, np.full(2000, floor.cell_m))
    assert values[3].min() == 0 and values[3].max() == pytest.approx(0.8, rel=1e-3)
    assert values[0, values[3] == 0].max() < values[0, values[3] > 0.79].min() + 0.25 * values[0].max()


def test_the_other_values_do_not_depend_on_the_albedo():
    floor = mapped(draw_floor(np.random.default_rng(2)), three_objects(), constant(0.7, sun=1.0))
    pixel_m = np.random.default_rng(3).uniform(0.5, 4.0, 2000) * floor.cell_m
    assert np.array_equal(floor.at(PLACES, pixel_m, albedo=False), floor.at(PLACES, pixel_m)[:4])
