"""Every floor has a pattern within the range of reflectances, around the mean colour that the exposure is based on."""

from dataclasses import replace

import numpy as np
import pytest

from odd_bench.color import LUMINANCE
from odd_bench.render.draft.floor import PATTERNS, floor_albedo, noise
from odd_bench.render.surroundings import FLOOR_FADES_M, FLOOR_STYLES, draw_floor, mean_albedo

NEAR = np.random.default_rng(0).uniform(-1.2, 1.2, (2, 3000))
DRAWS = [draw_floor(np.random.default_rng(seed)) for seed in range(150)]


def test_there_is_a_pattern_for_every_style():
    assert set(PATTERNS) == set(FLOOR_STYLES) == {draw.kind for draw in DRAWS}


@pytest.mark.parametrize("kind", FLOOR_STYLES)
def test_a_floor_has_a_pattern_around_its_mean_colour(kind):
    draws = [draw for draw in DRAWS if draw.kind == kind]
    albedos = np.stack([floor_albedo(draw, NEAR).T for draw in draws])  # (draws, places, 3)
    assert albedos.min() >= 0 and albedos.max() <= 1
    assert ((albedos @ LUMINANCE).std(axis=1) > 0.003).all()
    error = albedos.mean(axis=1) - np.stack([mean_albedo(draw) for draw in draws])
    assert np.abs(error).max() < 0.15  # the mean of one draw, which has few large blotches
    assert np.abs(error.mean(axis=0)).max() < 0.05  # the mean of the kind


@pytest.mark.parametrize("kind", FLOOR_STYLES)
def test_far_away_the_pattern_fades_into_its_mean(kind):
    draw = next(draw for draw in DRAWS if draw.kind == kind)
    far = NEAR + np.array([[FLOOR_FADES_M[1] + 1.3], [0.0]])
    assert np.allclose(floor_albedo(draw, far).T, mean_albedo(draw), atol=1e-9)


@pytest.mark.parametrize("kind", FLOOR_STYLES)
def test_turning_a_draw_turns_the_floor(kind):
    draw = next(draw for draw in DRAWS if draw.kind == kind)
    quarter = replace(draw, rotation_rad=draw.rotation_rad + np.pi / 2)
    turned = np.array([[0.0, -1.0], [1.0, 0.0]]) @ NEAR
    same = np.isclose(floor_albedo(quarter, NEAR), floor_albedo(draw, turned), atol=1e-6).all(axis=0)
    assert same.mean() > 0.99  # rounding may move a place across a sharp edge


def test_a_texture_set_is_drawn_as_its_mean_colour():
    draw = draw_floor(np.random.default_rng(0), ["oak"])
    assert (floor_albedo(draw, NEAR) == mean_albedo(draw)[:, None]).all()


def test_noise_fills_its_range_and_is_reproducible():
    values = noise(NEAR, 0.1)
    assert 0 <= values.min() < 0.3 and 0.7 < values.max() <= 1
    assert (values == noise(NEAR, 0.1)).all()
