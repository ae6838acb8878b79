"""Laws of the drawn floors and lights: they are reproducible and in range."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from odd_bench.render.surroundings import BUNDLED_ENVIRONMENTS, FLOOR_STYLES, draw_environment, draw_floor

seeds = st.integers(0, 2**32 - 1)


@given(seeds)
def test_a_seed_draws_the_same_surroundings_twice(seed):
    first, second = ([draw(np.random.default_rng(seed)) for draw in (draw_floor, draw_environment)] for _ in range(2))
    assert first == second


@given(seeds)
def test_floors_stay_within_the_ranges_of_their_style(seed):
    floor = draw_floor(np.random.default_rng(seed))
    style = FLOOR_STYLES[floor.kind]
    assert style.size_m[0] <= floor.size_m <= style.size_m[1] + 1e-12
    assert style.roughness[0] <= floor.roughness <= style.roughness[1]
    assert len(floor.colors) == 3
    assert all(0 <= channel <= 1 for color in floor.colors for channel in color)


@given(seeds)
def test_the_sun_stands_above_the_floor(seed):
    sun = draw_environment(np.random.default_rng(seed)).sun
    assert np.isclose(np.linalg.norm(sun.direction), 1) and sun.direction[2] > 0.4
    assert sun.ratio > 0 and sun.size_rad > 0


def test_every_floor_and_environment_is_drawn():
    rng = np.random.default_rng(0)
    assert {draw_floor(rng).kind for _ in range(400)} == set(FLOOR_STYLES)
    assert {draw_environment(rng).file for _ in range(200)} == set(BUNDLED_ENVIRONMENTS)


def test_given_files_replace_the_built_in_ones():
    rng = np.random.default_rng(0)
    assert {draw_environment(rng, ["a.hdr", "b.exr"]).file for _ in range(50)} == {"a.hdr", "b.exr"}
    floors = [draw_floor(rng, ["oak", "slate"]) for _ in range(50)]
    assert {floor.kind for floor in floors} == {"textures"}
    assert {floor.name for floor in floors} == {"oak", "slate"}
